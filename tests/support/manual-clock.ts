import type { Clock, Timer } from '../../shared/clock.js'

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
