import { InvalidInputError } from '../../shared/errors.js'
import type { Costs } from './objective.js'

/**
 * Exact hypervolume dominated by the points and bounded by the reference point, all minimised, for one to three objectives.
 * A point that is not strictly better than the reference in every objective adds nothing.
 */
export function hypervolume(points: readonly Costs[], reference: Costs): number {
  const inside = points.filter((point) => point.every((cost, i) => cost < reference[i]))
  switch (reference.length) {
    case 1:
      return inside.reduce((largest, [cost]) => Math.max(largest, reference[0] - cost), 0)
    case 2:
      return hypervolume2D(inside, reference)
    case 3:
      return hypervolume3D(inside, reference)
    default:
      throw new InvalidInputError(`the hypervolume is computed for 1 to 3 objectives, got ${reference.length}`)
  }
}

/** Sweep in the order of the first cost: each new minimum of the second adds a rectangle. */
function hypervolume2D(points: readonly Costs[], [referenceX, referenceY]: Costs): number {
  let area = 0
  let lowest = referenceY
  for (const [x, y] of [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (y >= lowest) continue
    area += (referenceX - x) * (lowest - y)
    lowest = y
  }
  return area
}

/** Sweep in the order of the third cost over a growing two-dimensional staircase (Fonseca, Paquete and Lopez-Ibanez, 2006). */
function hypervolume3D(points: readonly Costs[], [referenceX, referenceY, referenceZ]: Costs): number {
  const staircase = new Staircase(referenceX, referenceY)
  const ascending = [...points].sort((a, b) => a[2] - b[2])
  let volume = 0
  ascending.forEach(([x, y, z], i) => {
    const nextZ = i + 1 < ascending.length ? ascending[i + 1][2] : referenceZ
    staircase.insert(x, y)
    volume += staircase.area * (nextZ - z)
  })
  return volume
}

/** Non-dominated points of the plane in ascending x and descending y, with the area they dominate. */
class Staircase {
  area = 0
  private readonly xs: number[] = []
  private readonly ys: number[] = []

  constructor(
    private readonly referenceX: number,
    private readonly referenceY: number,
  ) {}

  insert(x: number, y: number): void {
    let start = 0
    while (start < this.xs.length && this.xs[start] < x) start++
    const yBefore = start === 0 ? this.referenceY : this.ys[start - 1]
    if (yBefore <= y || (this.xs[start] === x && this.ys[start] <= y)) return
    // The steps that the new point covers are replaced by one; the area gained is what lay open below them.
    let end = start
    let left = x
    let height = yBefore
    while (end < this.xs.length && this.ys[end] >= y) {
      this.area += (this.xs[end] - left) * (height - y)
      left = this.xs[end]
      height = this.ys[end]
      end++
    }
    this.area += ((end < this.xs.length ? this.xs[end] : this.referenceX) - left) * (height - y)
    this.xs.splice(start, end - start, x)
    this.ys.splice(start, end - start, y)
  }
}
