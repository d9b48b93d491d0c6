import TinyQueue from 'tinyqueue'
import type { Clock, Timer } from '../shared/clock.js'
import type { Turns } from '../coordinator/coordinator-core.js'

interface Event extends Timer {
  readonly atMs: number
  /** Events of one moment happen in the order in which they were planned. */
  readonly order: number
  task: (() => void) | null
}

class PlannedEvent implements Event {
  constructor(
    readonly atMs: number,
    readonly order: number,
    public task: (() => void) | null,
  ) {}

  cancel(): void {
    this.task = null
  }
}

/** Time that passes from event to event: as long as nothing happens it takes no time. */
export class VirtualTime implements Clock, Turns {
  private readonly events = new TinyQueue<Event>([], (a, b) => a.atMs - b.atMs || a.order - b.order)
  private readonly turns: (() => void)[] = []
  private planned = 0
  private nowMs = 0

  now(): number {
    return this.nowMs
  }

  after(delayMs: number, task: () => void): Timer {
    return this.at(this.nowMs + Math.max(0, delayMs), task)
  }

  /** As `after`, at a moment that is not past. */
  at(atMs: number, task: () => void): Timer {
    const event = new PlannedEvent(Math.max(this.nowMs, atMs), this.planned++, task)
    this.events.push(event)
    return event
  }

  readonly soon = (task: () => void): void => {
    this.turns.push(task)
  }

  readonly later = this.soon

  /** Does what happens next, if that is not after `untilMs`; @returns whether there was anything. */
  step(untilMs: number): boolean {
    const turn = this.turns.shift()
    if (turn !== undefined) {
      turn()
      return true
    }
    const event = this.next()
    if (event === undefined || event.atMs > untilMs) return false
    this.events.pop()
    this.nowMs = event.atMs
    event.task?.()
    return true
  }

  /** When something happens next; Infinity = never. */
  nextMs(): number {
    return this.turns.length > 0 ? this.nowMs : (this.next()?.atMs ?? Infinity)
  }

  /** Lets time go on to a moment before which nothing happens. */
  passTo(atMs: number): void {
    if (atMs > this.nextMs()) throw new RangeError('time cannot pass over what happens in it')
    this.nowMs = Math.max(this.nowMs, atMs)
  }

  private next(): Event | undefined {
    for (let event = this.events.peek(); event; event = this.events.peek()) {
      if (event.task !== null) return event
      this.events.pop()
    }
    return undefined
  }
}
