import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endTimes, estimateSearchHours, stepsOfEpoch } from '../../coordinator/step-time/search-hours.js'
import { knownOverhead } from '../../coordinator/step-time/training-time-fit.js'
import { InvalidInputError } from '../../shared/errors.js'

const certain = (stepMs: number) => ({ stepMs, logDeviation: 0 })
const time = knownOverhead(5000)
const course = Array.from({ length: 100 }, () => ({ step: certain(360), steps: 101 }))

describe('hours of a planned search', () => {
  test('steps and overhead of every training', () => {
    // 101 steps of 360 ms and 5 s: 41.36 s a training.
    const { slotHours, wallHours } = estimateSearchHours([course], { slots: 4, time })
    expect(slotHours.expected).toBeCloseTo((100 * 41.36) / 3600, 9)
    expect(slotHours).toEqual({ expected: slotHours.expected, low: slotHours.expected, high: slotHours.expected })
    expect(wallHours.expected).toBeCloseTo(slotHours.expected / 4, 9)
  })

  test('an epoch drops its last partial batch in training, keeps it in evaluation, and evaluates at a third of a step', () => {
    expect(stepsOfEpoch(1000, 300, 100)).toBeCloseTo(11, 12)
    expect(stepsOfEpoch(1099, 201, 100)).toBe(stepsOfEpoch(1000, 300, 100))
    expect(() => stepsOfEpoch(63, 10, 64)).toThrow(InvalidInputError)
  })

  test('more slots than trainings do not help, and the longest training has to end', () => {
    const { slotHours, wallHours } = estimateSearchHours([course.slice(0, 2)], { slots: 64, time })
    expect(wallHours.expected).toBeCloseTo(slotHours.expected / 2, 12)
    const withLong = [...course.slice(0, 9), { step: certain(360_000), steps: 101 }]
    expect(estimateSearchHours([withLong], { slots: 10, time }).wallHours.expected).toBeCloseTo((36360 + 5) / 3600, 6)
  })

  test('a model that is less sure, and courses that differ, give a wider range', () => {
    const width = (spread: number, ...others: number[]): number => {
      const courses = [100, ...others].map((stepMs) => [{ step: { stepMs, logDeviation: spread }, steps: 1000 }])
      const { low, high } = estimateSearchHours(courses, { slots: 1, time }).slotHours
      return Math.log(high / low)
    }
    expect(width(0.2)).toBeGreaterThan(width(0.1))
    expect(width(0.1, 200)).toBeGreaterThan(width(0.1))
  })

  test('each slot takes the next training as soon as it is free', () => {
    const durations = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 70 }), (times, slots) => {
        const ends = endTimes(times, slots)
        const starts = ends.map((end, i) => end - times[i])
        const total = times.reduce((sum, each) => sum + each, 0)
        const last = Math.max(...ends)
        expect(starts).toEqual([...starts].sort((a, b) => a - b))
        expect(last).toBeGreaterThanOrEqual(Math.max(...times, total / slots))
        expect(last).toBeLessThanOrEqual(total / slots + Math.max(...times))
      }),
    )
  })

  test.each([0, 1.5, NaN])('refuses %s slots', (slots) => {
    expect(() => estimateSearchHours([course], { slots, time })).toThrow(InvalidInputError)
  })
})
