import { StaleTokenError, UnavailableError, messageOf } from '../../shared/errors.js'
import type { Clock, Timer } from '../../shared/clock.js'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export interface GroupCommitOptions<Change> {
  /** Writes all changes durably, or none and throws. */
  readonly write: (changes: readonly Change[]) => void
  readonly clock: Clock
  /** Told of each commit: changes in it, time it took, and what went wrong if it failed. */
  readonly observe?: (changes: number, durationMs: number, error: Error | null) => void
  readonly retryDelayMs?: number
}

/** A commit of so many changes is one of a busy coordinator. */
const busyChanges = 32
/** Turns of a busy coordinator's event loop that share a commit. */
const busyTurns = 2

/**
 * Collects the changes of one turn of the event loop and writes them together at its end. The turn, and no fixed window, is the
 * unit: an idle coordinator then commits each change at once, a busy one many at a time. While it is busy, two turns share a
 * commit: their changes fall on the same pages of the file, and each page is written once.
 */
export class GroupCommit<Change> {
  private changes: Change[] = []
  private waiters: Waiter[] = []
  private scheduled: NodeJS.Immediate | null = null
  private retry: Timer | null = null
  private failure: Error | null = null
  private turnsLeft = 0

  constructor(private readonly options: GroupCommitOptions<Change>) {}

  record(change: Change): void {
    this.changes.push(change)
    this.schedule()
  }

  /** Written with the next change that is recorded, or when somebody asks for it. */
  recordLazily(change: Change): void {
    this.changes.push(change)
  }

  /** Recorded, not yet written. */
  get uncommitted(): readonly Change[] {
    return this.changes
  }

  committed(): Promise<void> {
    if (this.changes.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject })
      this.schedule()
    })
  }

  /** Writes what is recorded now. @throws UnavailableError */
  flush(): void {
    this.unschedule()
    this.commit()
    if (this.failure) throw this.failure
  }

  private schedule(): void {
    // After a failure the timer sets the pace, however many callers ask.
    if (this.retry) return
    this.scheduled ??= setImmediate(() => this.turnEnded())
  }

  private turnEnded(): void {
    this.scheduled = null
    if (this.turnsLeft-- > 0) this.schedule()
    else this.commit()
  }

  private unschedule(): void {
    if (this.scheduled) clearImmediate(this.scheduled)
    this.scheduled = null
    this.retry?.cancel()
    this.retry = null
  }

  private commit(): void {
    const waiters = this.waiters
    this.waiters = []
    this.failure = this.changes.length === 0 ? null : this.tryWrite()
    for (const waiter of waiters) {
      if (this.failure) waiter.reject(this.failure)
      else waiter.resolve()
    }
    if (this.failure) this.retry ??= this.options.clock.after(this.options.retryDelayMs ?? 1000, () => this.retryNow())
  }

  private retryNow(): void {
    this.retry = null
    this.schedule()
  }

  private tryWrite(): Error | null {
    const started = performance.now()
    let failure: Error | null = null
    this.turnsLeft = this.changes.length >= busyChanges ? busyTurns - 1 : 0
    try {
      this.options.write(this.changes)
    } catch (error) {
      failure = unavailable(error)
    }
    this.options.observe?.(this.changes.length, performance.now() - started, failure)
    if (!failure) this.changes = []
    return failure
  }
}

function unavailable(cause: unknown): UnavailableError {
  const why = messageOf(cause)
  if (cause instanceof StaleTokenError) return new UnavailableError(`${why}: ask the one that leads now`, {}, { cause })
  return new UnavailableError(`the store cannot be written (${why}): free its disk; it is tried again every second`, {}, { cause })
}
