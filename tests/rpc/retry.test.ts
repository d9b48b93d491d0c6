import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError, UnavailableError } from '../../shared/errors.js'
import { createRng } from '../../shared/rng.js'
import { backoffMs, defaultBackoff, retry } from '../../shared/rpc/retry.js'
import { ManualClock } from '../support/manual-clock.js'

/** Fails the given number of times. */
function failing(times: number, error: Error = new UnavailableError('away')): { call: () => Promise<string>; calls: () => number } {
  let calls = 0
  const call = (): Promise<string> => (++calls <= times ? Promise.reject(error) : Promise.resolve('answer'))
  return { call, calls: () => calls }
}

/** Lets promises that are due settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('retry', () => {
  test('repeats what is away for the moment, after growing waits', async () => {
    const clock = new ManualClock()
    const { call, calls } = failing(4)
    const waits: number[] = []
    const answer = retry(call, { clock, random: () => 0.5, onRetry: (_error, delayMs) => waits.push(delayMs) })
    for (let i = 0; i < 4; i++) {
      await settle()
      expect(calls()).toBe(i + 1)
      clock.advance(waits[i] - 1)
      await settle()
      expect(calls()).toBe(i + 1)
      clock.advance(1)
    }
    expect(await answer).toBe('answer')
    expect(waits.map(Math.round)).toEqual([200, 340, 578, 983])
  })

  test('does not repeat what cannot change', async () => {
    const { call, calls } = failing(1, new InvalidInputError('wrong'))
    await expect(retry(call, { clock: new ManualClock(), random: () => 0 })).rejects.toThrow('wrong')
    expect(calls()).toBe(1)
  })

  test('gives up when its signal is raised, in the middle of a wait', async () => {
    const stop = new AbortController()
    const { call, calls } = failing(9)
    const answer = retry(call, { clock: new ManualClock(), random: () => 0, signal: stop.signal })
    await settle()
    stop.abort()
    await expect(answer).rejects.toThrow('given up')
    expect(calls()).toBe(1)
  })

  test('waits stay within their bounds, spread by the jitter', () => {
    const property = fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(), (failures, seed) => {
      const rng = createRng(seed)
      const delayMs = backoffMs(failures, defaultBackoff, () => rng.float())
      const mid = Math.min(defaultBackoff.longestMs, defaultBackoff.initialMs * defaultBackoff.factor ** (failures - 1))
      expect(delayMs).toBeGreaterThanOrEqual(mid * 0.8)
      expect(delayMs).toBeLessThanOrEqual(mid * 1.2)
    })
    fc.assert(property)
  })
})
