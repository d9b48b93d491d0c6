import type { Clock } from '../clock.js'
import { CancelledError, UnavailableError } from '../errors.js'

export interface Backoff {
  readonly initialMs: number
  readonly factor: number
  readonly longestMs: number
  /** Share by which a delay is shortened or lengthened at random, 0..1, so that many clients do not come back together. */
  readonly jitter: number
}

export const defaultBackoff: Backoff = { initialMs: 200, factor: 1.7, longestMs: 2_000, jitter: 0.2 }

/**
 * Whether the same call may succeed later. Only what is away for the moment comes back; wrong input, stale tokens, missing
 * permission and bugs do not change by asking again.
 */
export function isRetryable(error: unknown): boolean {
  return error instanceof UnavailableError
}

/** Wait after the given number of failed attempts (from 1). `random` gives uniform floats in [0, 1). */
export function backoffMs(failures: number, backoff: Backoff, random: () => number): number {
  const delayMs = Math.min(backoff.longestMs, backoff.initialMs * backoff.factor ** (failures - 1))
  return delayMs * (1 - backoff.jitter + 2 * backoff.jitter * random())
}

export interface RetryOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly backoff?: Backoff
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** Told before each wait. */
  readonly onRetry?: (error: unknown, delayMs: number) => void
}

/** Calls until an answer comes, or an error that retrying cannot mend. There is no limit of attempts: the signal is it. */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let failures = 1; ; failures++) {
    if (options.signal?.aborted) throw new CancelledError('the call was given up')
    try {
      return await call()
    } catch (error) {
      if (!isRetryable(error)) throw error
      const delayMs = backoffMs(failures, options.backoff ?? defaultBackoff, options.random)
      options.onRetry?.(error, delayMs)
      await wait(delayMs, options.clock, options.signal)
    }
  }
}

/** Resolves after the delay, or at once when the signal is raised. */
export function wait(delayMs: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.after(delayMs, finish)
    signal?.addEventListener('abort', finish, { once: true })
    function finish(): void {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
  })
}
