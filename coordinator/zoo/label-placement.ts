/** Axis-parallel rectangle in pixels; y grows downwards. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where the label of a point may lie, in the order of preference: direction from the point, and distance in pixels. */
const directions = [
  [1, -1], [1, 1], [-1, -1], [-1, 1], [0, -1], [0, 1], [1, 0], [-1, 0],
] as const
const distances = [9, 16, 26, 40, 58, 80]

function overlapArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return width > 0 && height > 0 ? width * height : 0
}

function isInside(inner: Box, outer: Box): boolean {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height
}

function boxAt(x: number, y: number, width: number, height: number, [dx, dy]: readonly [number, number], distance: number): Box {
  const left = dx === 0 ? x - width / 2 : dx > 0 ? x + distance : x - distance - width
  const top = dy === 0 ? y - height / 2 : dy > 0 ? y + distance * 0.8 : y - distance * 0.8 - height
  return { x: left, y: top, width, height }
}

/** The box of the given size near (x, y) and inside the frame that covers the least of the obstacles; the nearest of equals. */
export function placeLabel(x: number, y: number, size: { readonly width: number; readonly height: number }, frame: Box, obstacles: readonly Box[]): Box {
  const candidates = distances
    .flatMap((distance) => directions.map((direction) => boxAt(x, y, size.width, size.height, direction, distance)))
    .filter((box) => isInside(box, frame))
  const fallback = boxAt(x, y, size.width, size.height, directions[0], distances[0])
  let best = candidates[0] ?? fallback
  let least = Infinity
  for (const box of candidates) {
    const covered = obstacles.reduce((sum, obstacle) => sum + overlapArea(box, obstacle), 0)
    if (covered < least) [best, least] = [box, covered]
    if (covered === 0) break
  }
  return best
}
