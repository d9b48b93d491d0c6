import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { probabilityOutside } from '../../coordinator/step-time/step-time-bound.js'

const prediction = { stepMs: 100, logDeviation: 0.1 }
const none = { minimumMs: 0, maximumMs: Infinity }

describe('bounds on the step time', () => {
  test('probabilities of the normal distribution', () => {
    expect(probabilityOutside(prediction, { ...none, maximumMs: 100 })).toBeCloseTo(0.5, 6)
    expect(probabilityOutside(prediction, { ...none, maximumMs: 100 * Math.exp(0.1) })).toBeCloseTo(0.158655, 5)
    expect(probabilityOutside(prediction, { ...none, minimumMs: 100 * Math.exp(0.2) })).toBeCloseTo(0.97725, 5)
    expect(probabilityOutside(prediction, { minimumMs: 100 * Math.exp(-0.1), maximumMs: 100 * Math.exp(0.1) })).toBeCloseTo(0.317311, 5)
    expect(probabilityOutside(prediction, none)).toBe(0)
  })

  test('a tighter bound is broken more probably', () => {
    const bound = fc.double({ min: 20, max: 500, noNaN: true })
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [tight, loose] = [Math.min(a, b), Math.max(a, b)].map((maximumMs) => probabilityOutside(prediction, { ...none, maximumMs }))
        expect(tight).toBeGreaterThanOrEqual(loose - 3e-7)
        expect(loose).toBeGreaterThanOrEqual(0)
        expect(tight).toBeLessThanOrEqual(1)
      }),
    )
  })

  test.each([{ ...none, maximumMs: 0 }, { ...none, maximumMs: -1 }, { ...none, minimumMs: Infinity }, { minimumMs: 500, maximumMs: 50 }])('nothing keeps to %j', (bound) => {
    expect(probabilityOutside(prediction, bound)).toBe(1)
  })
})
