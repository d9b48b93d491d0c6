import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SeedRun } from '../../bench/rungs/bench-rungs.js'
import { compareSearches } from '../../bench/rungs/compare-searches.js'
import type { WholeTraining } from '../../bench/rungs/training-arm.js'

type Found = readonly (readonly [error: number, macs: number])[]

/** Each training takes a second. */
function arm(found: Found, trainings = found.length) {
  const results: WholeTraining[] = found.map(([error, macs], i) => ({ encoding: `${error}-${macs}`, error, macs, seconds: i + 1, trainedMacs: 0 }))
  return { trainings, seconds: trainings, processorSeconds: trainings, trainedMacs: 0, results }
}

const run = (seed: number, whole: Found, rungs: Found): SeedRun => ({ seed, whole: arm(whole), rungs: arm(rungs) })
const pair = fc.tuple(fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.integer({ min: 1000, max: 300_000 }))
const found = fc.array(pair, { minLength: 2, maxLength: 8 })

describe('searches with and without rungs on one scale', () => {
  test('the same results in the same order are as good, and reached with the last that counts', () => {
    fc.assert(
      fc.property(fc.array(found, { minLength: 1, maxLength: 3 }), (seeds) => {
        const { seeds: compared, means } = compareSearches(seeds.map((each, seed) => run(seed, each, each)))
        for (const { whole, rungs, reached } of compared) {
          expect(rungs).toEqual(whole)
          expect(reached.hypervolume).not.toBeNull()
        }
        expect(means.hypervolume.rungs).toBe(means.hypervolume.whole)
        expect(means.hypervolume.standardError).toBe(seeds.length > 1 ? 0 : null)
        expect(means.frontHypervolume.reached).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('a network that hardly learns sets the scale of the range, not that of the front', () => {
    const whole: Found = [[0.05, 1000], [0.04, 3000], [0.02, 9000]]
    const rungs: Found = [[0.05, 1000], [0.02, 9000]]
    const plain = compareSearches([run(1, whole, rungs)]).means
    const beside = compareSearches([run(1, [...whole, [0.9, 5000]], rungs)]).means
    expect(beside.frontHypervolume.whole).toBe(plain.frontHypervolume.whole)
    expect(beside.frontHypervolume.rungs).toBe(plain.frontHypervolume.rungs)
    expect(beside.hypervolume.whole).toBeGreaterThan(plain.hypervolume.whole)
  })

  test('what is ahead after fewer seconds has reached it then; what never is has not', () => {
    const whole: Found = [[0.06, 1000], [0.05, 2000], [0.03, 4000], [0.02, 8000]]
    const better: Found = [[0.06, 1000], [0.015, 900]]
    const { seeds, means } = compareSearches([run(1, whole, better), run(2, whole, whole.slice(0, 2))])
    expect(seeds.map(({ reached }) => reached.hypervolume)).toEqual([0.5, null])
    expect(means.hypervolume.whole).toBeCloseTo(seeds[0].whole.hypervolume, 12)
    expect(means.hypervolume.rungs).toBeCloseTo((seeds[0].rungs.hypervolume + seeds[1].rungs.hypervolume) / 2, 12)
  })

  test('a search without a whole training has no front', () => {
    expect(compareSearches([run(1, [[0.5, 10], [0.4, 20]], [])]).seeds[0].rungs).toEqual({ hypervolume: 0, frontHypervolume: 0 })
  })
})
