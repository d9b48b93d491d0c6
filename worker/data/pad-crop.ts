import type { Rng } from '../../shared/rng.js'

/** Where a crop of a reflect-padded image starts, in padded coordinates 0..2 x padding, and whether it is mirrored. */
export interface PadCrop {
  readonly padding: number
  readonly left: number
  readonly top: number
  readonly flip: boolean
}

/** An eighth of the side on each side, and a coin for the flip. */
export function randomPadCrop(resolution: number, rng: Rng): PadCrop {
  const padding = Math.floor(resolution / 8)
  return { padding, left: rng.integer(2 * padding + 1), top: rng.integer(2 * padding + 1), flip: rng.chance(0.5) }
}

/** Mirrors at the border pixel without repeating it: -1 -> 1, side -> side - 2. */
function reflect(position: number, side: number): number {
  if (position < 0) return -position
  return position < side ? position : 2 * side - 2 - position
}

/**
 * Pads by reflection, crops back to the same side and mirrors, in one pass over the bytes.
 * @param source side x side x 3 bytes, left as they are
 * @param target side x side x 3 bytes, written
 */
export function applyPadCrop(source: Uint8Array, target: Uint8Array, side: number, { padding, left, top, flip }: PadCrop): void {
  const columns = Int32Array.from({ length: side }, (_, x) => 3 * reflect((flip ? side - 1 - x : x) + left - padding, side))
  let at = 0
  for (let y = 0; y < side; y++) {
    const row = reflect(y + top - padding, side) * side * 3
    for (let x = 0; x < side; x++, at += 3) {
      const from = row + columns[x]
      target[at] = source[from]
      target[at + 1] = source[from + 1]
      target[at + 2] = source[from + 2]
    }
  }
}
