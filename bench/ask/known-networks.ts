import { sampleGenome } from '../../shared/space/sample.js'
import type { SpaceBounds } from '../../shared/space/bounds.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { parseGenome } from '../../shared/space/parse.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import type { Rng } from '../../shared/rng.js'
import type { Observation } from '../../coordinator/search/search.js'

/** Made-up measurements that follow the network's cost as real ones do: accuracy with diminishing returns, time in proportion, some noise. */
export function measure(key: string, bounds: SpaceBounds, rng: Rng): Observation {
  const { params, macs, activations } = genomeCost(parseGenome(key), bounds.measuredAt)
  const top1 = 1 - 2 / Math.log(macs + 10 * params) + 0.005 * rng.normal()
  return { key, objectives: { top1, stepMs: (macs / 1e8 + activations / 1e7) * Math.exp(0.03 * rng.normal()) } }
}

/** Results of different random networks. */
export function knownResults(count: number, bounds: SpaceBounds, rng: Rng): Observation[] {
  const known = new Map<string, Observation>()
  while (known.size < count) {
    const key = canonicalEncoding(sampleGenome(rng, bounds))
    if (!known.has(key)) known.set(key, measure(key, bounds, rng))
  }
  return [...known.values()]
}
