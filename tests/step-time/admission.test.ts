import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admits, probabilityOutside } from '../../coordinator/step-time/admission.js'
import { InvalidInputError } from '../../shared/errors.js'

const prediction = { stepMs: 100, logDeviation: 0.1 }

describe('bounds on the step time', () => {
  test('probabilities of the normal distribution', () => {
    expect(probabilityOutside(prediction, { maximumMs: 100 })).toBeCloseTo(0.5, 6)
    expect(probabilityOutside(prediction, { maximumMs: 100 * Math.exp(0.1) })).toBeCloseTo(0.158655, 5)
    expect(probabilityOutside(prediction, { minimumMs: 100 * Math.exp(0.2) })).toBeCloseTo(0.97725, 5)
    expect(probabilityOutside(prediction, { minimumMs: 100 * Math.exp(-0.1), maximumMs: 100 * Math.exp(0.1) })).toBeCloseTo(0.317311, 5)
  })

  test('a tighter bound is broken more probably', () => {
    const bound = fc.double({ min: 20, max: 500, noNaN: true })
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [tight, loose] = [Math.min(a, b), Math.max(a, b)].map((maximumMs) => probabilityOutside(prediction, { maximumMs }))
        expect(tight).toBeGreaterThanOrEqual(loose - 3e-7)
        expect(loose).toBeGreaterThanOrEqual(-3e-7)
        expect(tight).toBeLessThanOrEqual(1 + 3e-7)
      }),
    )
  })

  test('only what breaks a bound almost surely is turned away', () => {
    expect(admits(prediction, { maximumMs: 95 })).toBe(true)
    expect(admits(prediction, { maximumMs: 80 })).toBe(false)
    expect(admits({ ...prediction, logDeviation: 0.3 }, { maximumMs: 80 })).toBe(true)
    expect(admits(null, { maximumMs: 1 })).toBe(true)
  })

  test.each([{}, { maximumMs: 0 }, { minimumMs: NaN }, { minimumMs: 2, maximumMs: 1 }])('%j is no bound', (bound) => {
    expect(() => probabilityOutside(prediction, bound)).toThrow(InvalidInputError)
  })
})
