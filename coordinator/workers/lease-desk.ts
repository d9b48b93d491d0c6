import type { JobLease } from '../../shared/cluster/job-lease.js'
import type { Clock, Timer } from '../../shared/clock.js'
import type { Holder } from '../jobs/job.js'

/** What a slot that asked for work is answered. */
export interface DeskAnswer {
  readonly lease: JobLease | null
  readonly searchOver: boolean
}

interface Waiting {
  readonly holder: Holder
  readonly timer: Timer
  readonly answer: (answer: DeskAnswer) => void
}

export interface DeskOptions {
  readonly clock: Clock
  /** A job for the slot, if there is one now. */
  readonly lease: (holder: Holder) => JobLease | null
  readonly isOver: () => boolean
  /** Whether any job could be ready. */
  readonly hasQueued: () => boolean
}

/** Where slots wait for jobs: first come, first served. */
export class LeaseDesk {
  private readonly waiting = new Map<string, Waiting>()

  constructor(private readonly options: DeskOptions) {}

  get waitingSlots(): number {
    return this.waiting.size
  }

  /** A job now or within `waitMs`. A slot that asks again takes its own place: the earlier call ends without a job. */
  lease(holder: Holder, waitMs: number, caller: { readonly signal: AbortSignal }): Promise<DeskAnswer> {
    const lease = this.leaseNow(holder)
    if (lease !== null || waitMs === 0 || this.options.isOver() || caller.signal.aborted) {
      return Promise.resolve({ lease, searchOver: this.options.isOver() })
    }
    return this.wait(holder, waitMs, caller.signal)
  }

  /** A job, if there is one now. */
  leaseNow(holder: Holder): JobLease | null {
    this.waiting.get(keyOf(holder))?.answer(this.nothing())
    return this.options.lease(holder)
  }

  private wait(holder: Holder, waitMs: number, signal: AbortSignal): Promise<DeskAnswer> {
    const key = keyOf(holder)
    return new Promise((resolve) => {
      const answer = (given: DeskAnswer): void => {
        waiting.timer.cancel()
        signal.removeEventListener('abort', giveUp)
        if (this.waiting.get(key) === waiting) this.waiting.delete(key)
        resolve(given)
      }
      const giveUp = (): void => answer(this.nothing())
      const waiting = { holder, answer, timer: this.options.clock.after(waitMs, giveUp) }
      signal.addEventListener('abort', giveUp, { once: true })
      this.waiting.set(key, waiting)
    })
  }

  /** Gives what is ready to those who wait; to be called when something may have become ready. */
  serve(): void {
    if (this.options.isOver()) return this.dismiss()
    for (const { holder, answer } of [...this.waiting.values()]) {
      if (!this.options.hasQueued()) return
      const lease = this.options.lease(holder)
      if (lease !== null) answer({ lease, searchOver: false })
    }
  }

  /** Ends all waits without a job. */
  dismiss(): void {
    for (const { answer } of [...this.waiting.values()]) answer(this.nothing())
  }

  private nothing(): DeskAnswer {
    return { lease: null, searchOver: this.options.isOver() }
  }
}

function keyOf({ workerId, slot }: Holder): string {
  return `${workerId}/${slot}`
}
