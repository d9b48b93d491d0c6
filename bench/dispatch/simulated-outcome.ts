import type { Outcome } from '../../shared/training/outcome.js'

/** A result that depends on the encoding alone, with the figures of a plausible training. */
export function simulatedOutcome(encoding: string): Outcome {
  let hash = 17
  for (let i = 0; i < encoding.length; i++) hash = (Math.imul(hash, 31) + encoding.charCodeAt(i)) >>> 0
  const top1 = (hash % 10_007) / 10_007
  const median = 10 + ((hash >>> 8) % 9_973) / 50
  return {
    kind: 'succeeded',
    result: {
      top1,
      loss: 2 - top1,
      epochs: 1,
      imagesPerSecond: 64_000 / median,
      stepMs: { median, p10: median * 0.98, p90: median * 1.05 },
      trainingMs: 1000,
      deviceClass: 'simulated',
      precision: 'float32',
      images: { train: 1000, validation: 100, unreadable: 0 },
    },
  }
}
