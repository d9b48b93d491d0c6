import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type TimedTraining, commonVariance, fitTrainingTime, knownOverhead, trainingMs } from '../../coordinator/step-time/training-time-fit.js'
import { createRng } from '../../shared/rng.js'

/** Trainings of 1 s to 1000 s with an overhead and a slowdown, and multiplicative noise. */
function trainings(count: number, overheadMs: number, slowdown: number, noise = 0, seed = 1): TimedTraining[] {
  const rng = createRng(seed)
  return Array.from({ length: count }, () => {
    const stepsMs = 1000 * 10 ** (3 * rng.float())
    return { stepsMs, durationMs: (overheadMs + slowdown * stepsMs) * Math.exp(noise * rng.normal()) }
  })
}

describe('how long trainings take beyond their steps', () => {
  test('overhead and slowdown are found', () => {
    const fit = fitTrainingTime(trainings(100, 8000, 1.4))
    expect(fit.overheadMs).toBeCloseTo(8000, -3)
    expect(fit.slowdown).toBeCloseTo(1.4, 1)
  })

  test('neither is negative, and all durations come to their sum', () => {
    const examples = fc.array(fc.record({ stepsMs: fc.double({ min: 0, max: 1e8, noNaN: true }), durationMs: fc.double({ min: 1, max: 1e8, noNaN: true }) }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(examples, (timed) => {
        const fit = fitTrainingTime(timed)
        expect(fit.overheadMs).toBeGreaterThanOrEqual(0)
        expect(fit.slowdown).toBeGreaterThanOrEqual(0)
        const sum = (value: (each: TimedTraining) => number): number => timed.reduce((total, each) => total + value(each), 0)
        const ratio = sum(({ stepsMs }) => trainingMs(fit, stepsMs)) / sum(({ durationMs }) => durationMs)
        expect(ratio).toBeCloseTo(1, 6)
      }),
    )
  })

  test('few noisy trainings leave more open than many', () => {
    const variance = (count: number, noise: number): number => commonVariance(fitTrainingTime(trainings(count, 8000, 1.4, noise)), 100_000)
    expect(variance(5, 0.3)).toBeGreaterThan(variance(100, 0.3))
    expect(variance(100, 0.3)).toBeGreaterThan(variance(100, 0.05))
  })

  test('a known overhead is certain', () => {
    const fit = knownOverhead(0)
    expect(trainingMs(fit, 1234)).toBe(1234)
    expect(commonVariance(fit, 1234)).toBe(0)
    expect(commonVariance(fit, 0)).toBe(0)
  })
})
