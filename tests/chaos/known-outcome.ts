import { createRng } from '../../shared/rng.js'
import type { Outcome } from '../../shared/training/outcome.js'

/** An outcome that depends on the network alone, whoever trains it and whenever: what a store holds can be checked against it. */
export function outcomeFor(encoding: string): Outcome {
  const seed = [...encoding].reduce((hash, character) => (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0, 17)
  const rng = createRng(seed)
  const kind = rng.float()
  if (kind < 0.05) return { kind: 'diverged', epoch: 1, message: 'the loss is NaN' }
  const stepMs = 1 + 20 * rng.float()
  return {
    kind: 'succeeded',
    result: {
      top1: rng.float(),
      loss: 1,
      epochs: 1,
      imagesPerSecond: 16_000 / stepMs,
      stepMs: { median: stepMs, p10: stepMs * 0.9, p90: stepMs * 1.1 },
      trainingMs: 1000,
      deviceClass: 'simulated',
      precision: 'float32',
      images: { train: 100, validation: 20, unreadable: 0 },
    },
  }
}
