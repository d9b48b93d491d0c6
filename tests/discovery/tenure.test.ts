import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StaleTokenError } from '../../shared/errors.js'
import { Tenure, type Standing } from '../../shared/discovery/tenure.js'
import { ManualClock } from '../support/manual-clock.js'

const ttlMs = 3_000

/** A tenure whose renewals a test answers by hand. */
class Harness {
  readonly clock = new ManualClock(1_000_000)
  readonly told: Standing[] = []
  private calls: { resolve: (ttlMs: number) => void; reject: (error: Error) => void }[] = []
  readonly tenure = new Tenure({
    askedAtMs: this.clock.now(),
    ttlMs,
    clock: this.clock,
    renew: () => new Promise((resolve, reject) => this.calls.push({ resolve, reject })),
  })

  constructor() {
    this.tenure.onChange((standing) => this.told.push(standing))
  }

  get pending(): number {
    return this.calls.length
  }

  async answer(): Promise<void> {
    this.calls.shift()?.resolve(ttlMs)
    await turn()
  }

  async fail(error: Error = new Error('away')): Promise<void> {
    this.calls.shift()?.reject(error)
    await turn()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a tenure', () => {
  it('is renewed three times in its time to live', async () => {
    const harness = new Harness()
    for (let i = 0; i < 10; i++) {
      expect(harness.pending).toBe(0)
      harness.clock.advance(ttlMs / 3)
      expect(harness.pending).toBe(1)
      await harness.answer()
    }
    expect(harness.tenure.standing()).toBe('held')
    expect(harness.told).toEqual([])
  })

  it('is uncertain when its time has run out, whatever the other side will say', () => {
    const { clock, tenure, told } = new Harness()
    clock.advance(ttlMs - 1)
    expect(tenure.standing()).toBe('held')
    clock.advance(1)
    expect(tenure.standing()).toBe('uncertain')
    expect(told).toEqual(['uncertain'])
    expect(tenure.reason).toBeNull()
  })

  it('reckons from when a renewal was asked for, not from its answer', async () => {
    const harness = new Harness()
    harness.clock.advance(1_000)
    harness.clock.advance(1_900)
    await harness.answer()
    harness.clock.advance(1_000 + ttlMs - 2_900 - 1)
    expect(harness.tenure.standing()).toBe('held')
    harness.clock.advance(1)
    expect(harness.tenure.standing()).toBe('uncertain')
  })

  it('is held again when a renewal succeeds late', async () => {
    const harness = new Harness()
    harness.clock.advance(1_000)
    await harness.fail()
    expect(harness.tenure.trouble).toBe('away')
    harness.clock.advance(ttlMs)
    expect(harness.tenure.standing()).toBe('uncertain')
    expect(harness.pending).toBe(1)
    // Asked for when the time had not yet run out.
    await harness.answer()
    expect(harness.tenure.standing()).toBe('held')
    expect(harness.told).toEqual(['uncertain', 'held'])
    expect(harness.tenure.trouble).toBeNull()
  })

  it('is lost for good when it is gone', async () => {
    const harness = new Harness()
    harness.clock.advance(1_000)
    await harness.fail(new StaleTokenError('the lease ran out'))
    expect(harness.tenure.standing()).toBe('lost')
    expect(harness.tenure.reason).toBe('the lease ran out')
    harness.clock.advance(100 * ttlMs)
    expect(harness.pending).toBe(0)
    expect(harness.told).toEqual(['lost'])
  })

  it('is lost when it is given up, even if a renewal is under way', async () => {
    const harness = new Harness()
    harness.clock.advance(1_000)
    harness.tenure.end('resigned')
    await harness.answer()
    harness.clock.advance(ttlMs)
    expect(harness.tenure.standing()).toBe('lost')
    expect(harness.told).toEqual(['lost'])
    expect(harness.pending).toBe(0)
  })

  it('is never held later than one time to live after the last renewal that succeeded was asked for', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
      fc.record({ kind: fc.constantFrom('answer' as const, 'fail' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock(0)
        const calls: { askedAtMs: number; settle: (ok: boolean) => void }[] = []
        let renewedAtMs = 0
        const renew = (): Promise<number> =>
          new Promise((resolve, reject) => {
            const askedAtMs = clock.now()
            calls.push({ askedAtMs, settle: (ok) => (ok ? resolve(ttlMs) : reject(new Error('away'))) })
          })
        const tenure = new Tenure({ askedAtMs: 0, ttlMs, clock, renew })
        for (const action of steps) {
          if (action.kind === 'advance') clock.advance(action.ms)
          else {
            const call = calls.shift()
            if (call && action.kind === 'answer') renewedAtMs = Math.max(renewedAtMs, call.askedAtMs)
            call?.settle(action.kind === 'answer')
            await turn()
          }
          expect(tenure.standing()).toBe(clock.now() < renewedAtMs + ttlMs ? 'held' : 'uncertain')
        }
      }),
      { numRuns: 60 },
    )
  })
})
