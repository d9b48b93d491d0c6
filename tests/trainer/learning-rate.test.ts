import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { learningRateAt } from '../../worker/trainer/learning-rate.js'

const schedule = (totalSteps: number, learningRate: number, warmup: number): number[] =>
  Array.from({ length: totalSteps }, (_, step) => learningRateAt(step, totalSteps, { learningRate, warmup }))

describe('the learning rate', () => {
  it('rises in equal steps to the peak, then falls as half a cosine', () => {
    const rates = schedule(12, 0.4, 1 / 3)
    const expected = [0.1, 0.2, 0.3, 0.4, 0.4, 0.38478, 0.34142, 0.27654, 0.2, 0.12346, 0.05858, 0.01522]
    rates.forEach((rate, step) => expect(rate).toBeCloseTo(expected[step], 5))
  })

  it('starts at the peak without warm-up', () => {
    expect(schedule(4, 1, 0)).toEqual([1, expect.closeTo(0.853553), expect.closeTo(0.5), expect.closeTo(0.146447)])
  })

  it('rises all the way when warm-up is everything', () => {
    expect(schedule(4, 1, 1)).toEqual([0.25, 0.5, 0.75, 1])
  })

  it('is above 0, at most the peak, and has one maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (totalSteps, warmup) => {
        const rates = schedule(totalSteps, 0.1, warmup)
        expect(Math.min(...rates)).toBeGreaterThan(0)
        expect(Math.max(...rates)).toBeCloseTo(0.1, 12)
        const turns = rates.slice(1, -1).filter((rate, i) => rate < rates[i] && rate < rates[i + 2])
        expect(turns).toEqual([])
      }),
    )
  })
})
