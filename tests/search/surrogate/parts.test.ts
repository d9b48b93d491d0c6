import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CategoricalSpace } from '../../../coordinator/search/categorical-space.js'
import { hypervolume } from '../../../coordinator/search/hypervolume.js'
import { FeatureMatrix } from '../../../coordinator/search/surrogate/feature-matrix.js'
import { GroupDistances } from '../../../coordinator/search/surrogate/group-distances.js'
import { fitMeasurement, standardise } from '../../../coordinator/search/surrogate/fit-measurement.js'
import { hypervolumeImprovement } from '../../../coordinator/search/surrogate/hypervolume-improvement.js'
import { type OutputWarp, candidateWarps, logSlope, unwarp, warp } from '../../../coordinator/search/surrogate/output-warp.js'
import { Surrogate, fitSurrogate } from '../../../coordinator/search/surrogate/surrogate.js'
import { largestTrainingSet, thinned, trainingRows } from '../../../coordinator/search/surrogate/training-rows.js'
import { dominates } from '../../../coordinator/search/dominance.js'
import { KnownCosts } from '../../../coordinator/search/surrogate/known-costs.js'
import { stableSample } from '../../../coordinator/search/surrogate/stable-sample.js'
import { createRng } from '../../../shared/rng.js'
import { points } from '../brute-force.js'

describe('hypervolume improvement', () => {
  test.each([1, 2, 3])('with %d objectives is the difference of hypervolumes', (dimensions) => {
    const reference = new Array<number>(dimensions).fill(5)
    fc.assert(
      fc.property(points(dimensions, undefined, 8), points(dimensions, undefined, 1), (front, [point]) => {
        if (point === undefined) return
        const expected = hypervolume([...front, point], reference) - hypervolume(front, reference)
        expect(hypervolumeImprovement(front, reference)(point)).toBeCloseTo(expected, 9)
      }),
      { numRuns: 300 },
    )
  })
})

describe('output warp', () => {
  const costs = fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 2, maxLength: 20 })

  test('is monotone, can be undone, and knows its slope', () => {
    fc.assert(
      fc.property(costs, (values) => {
        const low = Math.min(...values)
        const high = Math.max(...values)
        if (high - low < 1e-3) return
        for (const transformation of candidateWarps(values)) {
          const sorted = [...values].sort((a, b) => a - b)
          sorted.slice(1).forEach((value, i) => expect(warp(transformation, value)).toBeGreaterThanOrEqual(warp(transformation, sorted[i])))
          for (const value of values) expect(unwarp(transformation, warp(transformation, value))).toBeCloseTo(value, 5)
          const middle = (low + high) / 2
          const step = (high - low) * 1e-6
          const slope = (warp(transformation, middle + step) - warp(transformation, middle - step)) / (2 * step)
          expect(logSlope(transformation, middle)).toBeCloseTo(Math.log(slope), 3)
        }
      }),
    )
  })

  test('stays finite for a cost far below the best one known', () => {
    const transformation: OutputWarp = { kind: 'shifted_logarithm', best: 10, margin: 2 }
    expect(warp(transformation, 9)).toBeCloseTo(Math.log(1))
    expect(warp(transformation, 3)).toBeCloseTo(Math.log(0.2))
  })

  test('takes no logarithm of costs that are not positive, and offers something for equal costs', () => {
    expect(candidateWarps([-1, 2, 3]).map(({ kind }) => kind)).not.toContain('logarithm')
    expect(candidateWarps([0, 0, 0])).toEqual([{ kind: 'identity' }])
  })
})

describe('fit', () => {
  const rng = createRng(2)
  const space = new CategoricalSpace(['a', 'b', 'c', 'd'].map((name) => ({ name, values: ['0', '1', '2', '3', '4'] })))
  const genomes = space.sampleSpread(rng, 60)
  const features = genomes.map((genome) => space.features(genome))
  const selected = genomes.map((_, i) => i)

  test('finds the relevant gene and its order', () => {
    const costs = Float64Array.from(genomes, ([a]) => 10 + 3 * a)
    const { logRelevance } = fitMeasurement(space.featureLayout, new GroupDistances(space.featureLayout, FeatureMatrix.from(features[0].length, features)), costs).hyperparameters
    // Groups of each gene: as a number, as a name.
    expect(logRelevance.indexOf(Math.max(...logRelevance))).toBe(0)
  })

  test('chooses a logarithm where the costs are a product', () => {
    const costs = Float64Array.from(genomes, ([a, b, c, d]) => 3 ** a * 4 ** b * 2 ** c * 5 ** d)
    expect(fitMeasurement(space.featureLayout, new GroupDistances(space.featureLayout, FeatureMatrix.from(features[0].length, features)), costs).warp.kind).toMatch(/logarithm/)
  })

  test('predicts genomes that it has not seen', () => {
    const cost = ([a, b, c, d]: readonly number[]): number => 50 + 2 * a + (b === 3 ? 4 : 0) + c * 0.5 + a * d * 0.1
    const rows = genomes.map((genome, i) => ({ features: features[i], costs: [cost(genome)] }))
    const fit = fitSurrogate({ results: 60, selected, layout: space.featureLayout, rows, previous: null })
    const surrogate = new Surrogate(space.featureLayout, fit, rows)
    const fresh = Array.from({ length: 50 }, () => space.sample(rng))
    surrogate.append(fresh.map((genome) => space.features(genome)))
    const errors = fresh.map((genome, i) => Math.abs(surrogate.predict(i, 0, 0) - cost(genome)))
    // The costs' standard deviation is above 3.
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(0.3)
    expect(surrogate.predict(0, 0, -2)).toBeLessThan(surrogate.predict(0, 0, 0))
    expect(surrogate.deviationsTo(0, 0, surrogate.predict(0, 0, 1.5))).toBeCloseTo(1.5, 6)
  })

  test('learns what fails, and nothing of costs from failures', () => {
    const rows = genomes.map((genome, i) => ({ features: features[i], costs: genome[1] === 2 ? null : [genome[0]] }))
    const fit = fitSurrogate({ results: 60, selected, layout: space.featureLayout, rows, previous: null })
    const surrogate = new Surrogate(space.featureLayout, fit, rows.slice(0, 50))
    for (const row of rows.slice(50)) surrogate.learn(row)
    surrogate.append([[3, 2, 1, 1], [3, 1, 1, 1]].map((genome) => space.features(genome)))
    expect(surrogate.success(0)).toBeLessThan(0.2)
    expect(surrogate.success(1)).toBeGreaterThan(0.8)
    expect(surrogate.predict(0, 0, 0)).toBeCloseTo(3, 1)
    const [few] = [rows.filter(({ costs }, i) => costs !== null || i === rows.findIndex((row) => row.costs === null))]
    expect(fitSurrogate({ results: few.length, selected, layout: space.featureLayout, rows: few, previous: fit }).failure).toBeNull()
  })

  test('survives costs that are all equal', () => {
    const fit = fitMeasurement(space.featureLayout, new GroupDistances(space.featureLayout, FeatureMatrix.from(features[0].length, features)), new Float64Array(60).fill(7))
    expect(standardise(7, fit)).toBe(0)
    expect(fit.hyperparameters.logRelevance.every(Number.isFinite)).toBe(true)
  })
})

describe('known costs', () => {
  test('are the range and the front of all results, one at a time', () => {
    fc.assert(
      fc.property(points(2, undefined, 12), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (costs, broken) => {
        const known = new KnownCosts(2)
        costs.forEach((each, i) => known.add(each, broken[i] ? 1 : 0))
        const feasible = costs.filter((_, i) => !broken[i])
        const ranged = feasible.length > 1 ? feasible : costs
        expect(known.count).toBe(costs.length)
        if (ranged.length > 0) expect(known.range).toMatchObject({ low: [0, 1].map((m) => Math.min(...ranged.map((each) => each[m]))), high: [0, 1].map((m) => Math.max(...ranged.map((each) => each[m]))) })
        const best = feasible.filter((a) => !feasible.some((b) => dominates(b, a)))
        expect(new Set(known.front.map(String))).toEqual(new Set(best.map(String)))
      }),
    )
  })
})

describe('a stable sample', () => {
  test('depends on the keys alone, and hardly changes when one comes or goes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 }), fc.nat(20), (keys, count) => {
        const sample = stableSample(keys, count)
        expect(sample).toHaveLength(Math.min(count, keys.length))
        expect(stableSample([...keys].reverse(), count)).toEqual(sample)
        const fewer = stableSample(keys.slice(1), count)
        expect(fewer.filter((key) => !sample.includes(key)).length).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('training rows', () => {
  const result = (i: number) => ({ key: String(i), measurements: [i === 5 ? -1 : 1 + ((i * 7919) % 1000), 1], violation: 0, fidelity: 1 })

  const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

  test('are all results up to the limit', () => {
    const results = indices(largestTrainingSet).map(result)
    expect(trainingRows(results, indices(largestTrainingSet), 2)).toEqual(indices(largestTrainingSet))
  })

  test('beyond it are the newest, the best and some of all others, in the order told', () => {
    const results = indices(3000).map(result)
    const rows = trainingRows(results, indices(3000), 2)
    expect(rows).toHaveLength(largestTrainingSet)
    expect(new Set(rows).size).toBe(largestTrainingSet)
    expect(rows).toContain(5)
    expect(rows.slice(-125)).toEqual(indices(3000).slice(-125))
    expect([...rows].sort((a, b) => a - b)).toEqual(rows)
    const costs = (row: number): number => results[row].measurements[0]
    expect(rows.filter((row) => costs(row) > 500).length).toBeGreaterThan(75)
  })

  test('are chosen from what was chosen before, and keep the best', () => {
    const results = indices(1000).map(result)
    const before = trainingRows(results, indices(800), 2)
    const rows = trainingRows(results, [...before, ...indices(1000).slice(800)], 2)
    expect(rows).toHaveLength(largestTrainingSet)
    expect(rows).toContain(5)
  })

  test('are thinned evenly', () => {
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8])
    expect(thinned([1, 2], 5)).toEqual([1, 2])
  })
})
