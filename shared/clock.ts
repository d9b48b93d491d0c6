import { performance } from 'node:perf_hooks'

/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time as an argument: the system's, or one that a test or the simulator turns by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never goes back while the process lives. */
  now(): number
  /** Calls `task` once, `delayMs` from now, or after 24 days if that is sooner. A pending timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer
}

/** Longest delay that setTimeout takes. */
const longestDelayMs = 2 ** 31 - 1

/**
 * The system's clock. It starts from the wall time and then follows the monotonic clock, so that a corrected system time
 * neither expires leases nor prolongs them.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, Math.min(longestDelayMs, Math.max(0, delayMs)))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}
