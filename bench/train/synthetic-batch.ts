import { createRng } from '../../shared/rng.js'
import type { Batch } from '../../worker/tensorflow/session.js'
import type { Cell } from './cell.js'

/** Random pixels and labels, equal for all contenders that ask here. */
export function syntheticBatch({ batch, resolution, classes }: Cell): Batch {
  const rng = createRng(0)
  return {
    images: Uint8Array.from({ length: batch * resolution ** 2 * 3 }, () => rng.integer(256)),
    labels: Int32Array.from({ length: batch }, () => rng.integer(classes)),
  }
}
