import { describe, expect, test } from 'vitest'
import { fitSizeCosts, predictImageMs } from '../../coordinator/step-time/size-cost-fit.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { createRng } from '../../shared/rng.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { sampleGenome } from '../../shared/space/sample.js'

const rng = createRng(1)
const sizes = Array.from({ length: 12 }, () => genomeCost(sampleGenome(rng, defaultBounds), { resolution: 224, classes: 1000 }))

describe('step time by MACs and activations', () => {
  test('finds what they cost', () => {
    const [macs, activations] = fitSizeCosts(sizes.map((cost) => ({ cost, imageMs: 2 * (cost.macs / 1e9) + 0.3 * (cost.activations / 1e6) })))
    expect(macs).toBeCloseTo(2, 3)
    expect(activations).toBeCloseTo(0.3, 3)
  })

  test('neither is negative, and one example is enough to compare by', () => {
    const falling = fitSizeCosts(sizes.map((cost) => ({ cost, imageMs: 1e9 / cost.macs })))
    expect(Math.min(...falling)).toBeGreaterThanOrEqual(0)
    const costs = fitSizeCosts([{ cost: sizes[0], imageMs: 7 }])
    expect(predictImageMs(costs, sizes[0])).toBeCloseTo(7, 2)
  })
})
