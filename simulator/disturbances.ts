import type { Rng } from '../shared/rng.js'
import type { Disturbance } from './simulation-config.js'

export interface Interval {
  readonly startMs: number
  readonly endMs: number
}

/** Exponentially distributed. */
function exponential(rng: Rng, meanMs: number): number {
  return -Math.log(1 - rng.float()) * meanMs
}

/**
 * Intervals that begin at random and never overlap, one after the other as they are asked for. They follow from the generator
 * alone, whatever else happens.
 */
export class Disturbances {
  /** The current or next one; Infinity = none. */
  private interval: Interval = { startMs: Infinity, endMs: Infinity }

  constructor(
    private readonly rng: Rng,
    private readonly rate: Disturbance | undefined,
  ) {
    this.draw(0)
  }

  /** The interval that goes on at this moment or comes next. Moments are asked for in order. */
  from(atMs: number): Interval {
    while (this.interval.endMs <= atMs) this.draw(this.interval.endMs)
    return this.interval
  }

  /** The next interval that has not begun before this moment. Moments are asked for in order. */
  after(atMs: number): Interval {
    while (this.interval.startMs < atMs) this.draw(this.interval.endMs)
    return this.interval
  }

  private draw(afterMs: number): void {
    if (this.rate === undefined) return
    const startMs = afterMs + exponential(this.rng, this.rate.every)
    this.interval = { startMs, endMs: startMs + exponential(this.rng, this.rate.for) }
  }
}
