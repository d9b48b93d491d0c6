import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CancelledError } from '../../shared/errors.js'
import { measureThroughput } from '../../worker/trainer/measure-throughput.js'
import { quantile } from '../../shared/quantile.js'

const never = new AbortController().signal

/** Steps that take the given milliseconds one after the other (the last one for ever), on a clock of their own. */
function steps(...durations: number[]): { step: () => void; now: () => number; taken: () => number } {
  let [time, taken] = [0, 0]
  return { step: () => (time += durations[Math.min(taken++, durations.length - 1)]), now: () => time, taken: () => taken }
}

describe('measuring throughput', () => {
  test('leaves warm-up out', async () => {
    const { step, now } = steps(5000, 900, 50)
    expect(await measureThroughput(step, 64, never, now)).toEqual({ imagesPerSecond: 1280, stepMs: { median: 50, p10: 50, p90: 50 } })
  })

  test('takes windows of several short steps, and about 1.5 s in all', async () => {
    const { step, now, taken } = steps(0.5)
    expect((await measureThroughput(step, 8, never, now)).stepMs.median).toBeCloseTo(0.5)
    expect(taken()).toBe(600 + 2400)
  })

  test('takes few steps where a step is long', async () => {
    const { step, now, taken } = steps(3000)
    expect((await measureThroughput(step, 64, never, now)).stepMs.median).toBe(3000)
    expect(taken()).toBe(2 + 3)
  })

  test('gives the spread, which an outlier does not move the median of', async () => {
    const { step, now } = steps(300, 300, 100, 100, 100, 100, 5000)
    const { stepMs } = await measureThroughput(step, 10, never, now)
    expect(stepMs.median).toBe(100)
    expect(stepMs.p90).toBeGreaterThan(1000)
  })

  test('ends with the signal', async () => {
    const controller = new AbortController()
    const { now } = steps(1)
    await expect(measureThroughput(() => controller.abort(), 1, controller.signal, now)).rejects.toBeInstanceOf(CancelledError)
  })
})

describe('a quantile', () => {
  test('is a value at the ends and in between interpolates', () => {
    expect([0, 0.25, 0.5, 1].map((share) => quantile([4, 1, 3, 2, 5], share))).toEqual([1, 2, 3, 5])
    expect(quantile([1, 2], 0.9)).toBeCloseTo(1.9)
  })

  test('does not depend on the order, grows with the share and stays within the values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const value = quantile(values, share)
        expect(quantile([...values].reverse(), share)).toBe(value)
        expect(value).toBeGreaterThanOrEqual(Math.min(...values))
        expect(value).toBeLessThanOrEqual(Math.max(...values))
        expect(quantile(values, Math.min(1, share + 0.1))).toBeGreaterThanOrEqual(value)
      }),
    )
  })
})
