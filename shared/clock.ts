import { performance } from 'node:perf_hooks'

/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time as an argument: the system's, or one that a test or the simulator turns by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never goes back while the process lives. */
  now(): number
  /** Calls `task` once, `delayMs` from now. A pending timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer
}

/** Longest delay that setTimeout takes; longer ones are armed again. */
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

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  private readonly timers: { readonly at: number; readonly order: number; readonly task: () => void }[] = []
  private created = 0

  constructor(private time = 0) {}

  now(): number {
    return this.time
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = { at: this.time + Math.max(0, delayMs), order: this.created++, task }
    this.timers.push(timer)
    return { cancel: () => this.remove(timer) }
  }

  /** Moves time on, calling what falls due in order of time, then of creation. */
  advance(durationMs: number): void {
    const end = this.time + durationMs
    for (let next = this.nextUntil(end); next; next = this.nextUntil(end)) {
      this.remove(next)
      this.time = next.at
      next.task()
    }
    this.time = end
  }

  private nextUntil(end: number): ManualClock['timers'][number] | undefined {
    return this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
  }

  private remove(timer: ManualClock['timers'][number]): void {
    const index = this.timers.indexOf(timer)
    if (index >= 0) this.timers.splice(index, 1)
  }
}
