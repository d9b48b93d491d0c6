import { describe, expect, test } from 'vitest'
import { type SearchPlan, estimateSearchHours } from '../../coordinator/step-time/search-hours.js'
import { InvalidInputError } from '../../shared/errors.js'

const plan: SearchPlan = { trainings: 100, epochs: 10, trainingImages: 1000, validationImages: 300, batch: 100, slots: 4, overheadMs: 5000 }
const certain = { stepMs: 360, logDeviation: 0 }

describe('hours of a planned search', () => {
  test('steps, evaluation and overhead of every training', () => {
    // 10 epochs of 10 steps and 3 evaluation batches at a third of a step: 101 x 360 ms, and 5 s: 41.36 s a training.
    const { slotHours, wallHours } = estimateSearchHours([certain, certain], plan)
    expect(slotHours.expected).toBeCloseTo((100 * 41.36) / 3600, 9)
    expect(slotHours).toEqual({ expected: slotHours.expected, low: slotHours.expected, high: slotHours.expected })
    expect(wallHours.expected).toBeCloseTo(slotHours.expected / 4, 9)
  })

  test('the last partial batch is dropped in training and kept in evaluation', () => {
    const partial = { ...plan, trainingImages: 1099, validationImages: 201 }
    expect(estimateSearchHours([certain], partial)).toEqual(estimateSearchHours([certain], plan))
  })

  test('more slots than trainings do not help', () => {
    const { slotHours, wallHours } = estimateSearchHours([certain], { ...plan, trainings: 2, slots: 64 })
    expect(wallHours.expected).toBeCloseTo(slotHours.expected / 2, 12)
  })

  test('a model that is less sure gives a wider range; many trainings even out which networks are drawn', () => {
    const width = (spread: number, networks: number[], trainings: number): number => {
      const { low, high } = estimateSearchHours(networks.map((stepMs) => ({ stepMs, logDeviation: spread })), { ...plan, trainings, overheadMs: 0 }).slotHours
      return Math.log(high / low)
    }
    const networks = Array.from({ length: 50 }, (_, i) => 100 + 10 * i)
    expect(width(0.2, networks, 100)).toBeGreaterThan(width(0.1, networks, 100))
    expect(width(0.1, networks, 10)).toBeGreaterThan(width(0.1, networks, 1000))
  })

  test.each([{ trainings: 0 }, { epochs: 1.5 }, { slots: NaN }, { batch: 2000 }])('refuses a plan with %j', (wrong) => {
    expect(() => estimateSearchHours([certain], { ...plan, ...wrong })).toThrow(InvalidInputError)
  })

  test('refuses to estimate from no network', () => {
    expect(() => estimateSearchHours([], plan)).toThrow(InvalidInputError)
  })
})
