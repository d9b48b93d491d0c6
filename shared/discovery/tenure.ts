import type { Clock, Timer } from '../clock.js'
import { StaleTokenError, messageOf } from '../errors.js'

/**
 * `held`: renewed within its time to live, so nobody else holds it. `uncertain`: not renewed in time by the local clock, so
 * somebody else may hold it, or soon will; it is `held` again once a renewal succeeds. `lost`: gone for good.
 */
export type Standing = 'held' | 'uncertain' | 'lost'

type TenureState =
  | { readonly kind: 'running'; readonly validUntilMs: number }
  | { readonly kind: 'ended'; readonly reason: string }

type TenureEvent =
  | { readonly kind: 'renewed'; readonly askedAtMs: number; readonly ttlMs: number }
  | { readonly kind: 'ended'; readonly reason: string }

/** A renewal counts from when it was asked for: its answer may have travelled for long. What has ended stays ended. */
function transition(state: TenureState, event: TenureEvent): TenureState {
  if (state.kind === 'ended') return state
  if (event.kind === 'ended') return { kind: 'ended', reason: event.reason }
  return { kind: 'running', validUntilMs: Math.max(state.validUntilMs, event.askedAtMs + event.ttlMs) }
}

export interface TenureOptions {
  /** When what is held was asked for, milliseconds by the clock. */
  readonly askedAtMs: number
  readonly ttlMs: number
  /**
   * Renews and returns the new time to live, milliseconds.
   * @throws StaleTokenError when it is gone for good; any other error = not renewed, and asked again soon
   */
  readonly renew: () => Promise<number>
  readonly clock: Clock
}

/**
 * Something that is held only while it is renewed. The standing is reckoned with the local clock whenever it is asked for,
 * so a process that was stopped and wakes knows at once that its time has run out, before any timer or answer tells it.
 */
export class Tenure {
  private state: TenureState
  private shown: Standing = 'held'
  private readonly listeners = new Set<(standing: Standing) => void>()
  private renewal: Timer | null = null
  private expiry: Timer | null = null
  /** Why the last renewal failed; null after one that succeeded. */
  trouble: string | null = null

  constructor(private readonly options: TenureOptions) {
    this.state = { kind: 'running', validUntilMs: options.askedAtMs + options.ttlMs }
    this.schedule(options.ttlMs / 3)
    this.show()
  }

  standing(): Standing {
    if (this.state.kind === 'ended') return 'lost'
    return this.options.clock.now() < this.state.validUntilMs ? 'held' : 'uncertain'
  }

  /** Why it is lost; null while it is not. */
  get reason(): string | null {
    return this.state.kind === 'ended' ? this.state.reason : null
  }

  /** Told of each change, `lost` last; returns how to stop that. */
  onChange(listener: (standing: Standing) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Renews no more; what is held counts as lost from here on. */
  end(reason: string): void {
    this.apply({ kind: 'ended', reason })
  }

  private schedule(delayMs: number): void {
    this.renewal = this.options.clock.after(delayMs, () => void this.renew())
  }

  private async renew(): Promise<void> {
    const askedAtMs = this.options.clock.now()
    try {
      const ttlMs = await this.options.renew()
      this.trouble = null
      this.apply({ kind: 'renewed', askedAtMs, ttlMs })
      if (this.state.kind === 'running') this.schedule(Math.max(0, askedAtMs + ttlMs / 3 - this.options.clock.now()))
    } catch (error) {
      this.trouble = messageOf(error)
      if (error instanceof StaleTokenError) this.apply({ kind: 'ended', reason: messageOf(error) })
      else if (this.state.kind === 'running') this.schedule(Math.min(500, this.options.ttlMs / 10))
    }
  }

  private apply(event: TenureEvent): void {
    this.state = transition(this.state, event)
    if (this.state.kind === 'ended') this.renewal?.cancel()
    this.show()
  }

  /** Tells the listeners when the standing differs from what they know, now and when the time runs out. */
  private show(): void {
    this.expiry?.cancel()
    const standing = this.standing()
    if (standing === 'held' && this.state.kind === 'running') {
      this.expiry = this.options.clock.after(Math.max(1, this.state.validUntilMs - this.options.clock.now()), () => this.show())
    }
    if (standing === this.shown) return
    this.shown = standing
    for (const listener of [...this.listeners]) listener(standing)
  }
}
