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
    const fit = fitSurrogate({ results: 60, layout: space.featureLayout, rows, previous: null })
    const surrogate = new Surrogate(space.featureLayout, fit)
    genomes.forEach((genome, i) => surrogate.learn(features[i], [cost(genome)]))
    const fresh = Array.from({ length: 50 }, () => space.sample(rng))
    const predictions = surrogate.candidatesFrom(fresh.map((genome) => space.features(genome)))
    predictions.update()
    const errors = fresh.map((genome, i) => Math.abs(predictions.predict(i, 0, 0) - cost(genome)))
    // The costs' standard deviation is above 3.
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(0.3)
    expect(predictions.predict(0, 0, -2)).toBeLessThan(predictions.predict(0, 0, 0))
    expect(predictions.deviationsTo(0, 0, predictions.predict(0, 0, 1.5))).toBeCloseTo(1.5, 6)
  })

  test('learns what fails, and nothing of costs from failures', () => {
    const rows = genomes.map((genome, i) => ({ features: features[i], costs: genome[1] === 2 ? null : [genome[0]] }))
    const fit = fitSurrogate({ results: 60, layout: space.featureLayout, rows, previous: null })
    const surrogate = new Surrogate(space.featureLayout, fit)
    for (const row of rows) surrogate.learn(row.features, row.costs)
    const predictions = surrogate.candidatesFrom([[3, 2, 1, 1], [3, 1, 1, 1]].map((genome) => space.features(genome)))
    predictions.update()
    expect(predictions.success(0)).toBeLessThan(0.2)
    expect(predictions.success(1)).toBeGreaterThan(0.8)
    expect(predictions.predict(0, 0, 0)).toBeCloseTo(3, 1)
    const [few] = [rows.filter(({ costs }, i) => costs !== null || i === rows.findIndex((row) => row.costs === null))]
    expect(fitSurrogate({ results: few.length, layout: space.featureLayout, rows: few, previous: fit }).failure).toBeNull()
  })

  test('survives costs that are all equal', () => {
    const fit = fitMeasurement(space.featureLayout, new GroupDistances(space.featureLayout, FeatureMatrix.from(features[0].length, features)), new Float64Array(60).fill(7))
    expect(standardise(7, fit)).toBe(0)
    expect(fit.hyperparameters.logRelevance.every(Number.isFinite)).toBe(true)
  })
})

describe('training rows', () => {
  const result = (i: number) => ({ key: String(i), measurements: [i === 5 ? -1 : 1 + ((i * 7919) % 1000), 1], violation: 0, fidelity: 1 })

  test('are all results up to the limit', () => {
    const results = Array.from({ length: largestTrainingSet }, (_, i) => result(i))
    expect(trainingRows(results, 2)).toEqual(results)
  })

  test('beyond it are the newest half and the best of the rest, in the order told', () => {
    const results = Array.from({ length: 3000 }, (_, i) => result(i))
    const rows = trainingRows(results, 2).map(({ key }) => Number(key))
    expect(rows).toHaveLength(largestTrainingSet)
    expect(rows).toContain(5)
    expect(rows.slice(-500)).toEqual(results.slice(-500).map(({ key }) => Number(key)))
    expect([...rows].sort((a, b) => a - b)).toEqual(rows)
  })

  test('are thinned evenly', () => {
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8])
    expect(thinned([1, 2], 5)).toEqual([1, 2])
  })
})
