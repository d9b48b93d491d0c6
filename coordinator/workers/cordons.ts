import { failureOf } from '../jobs/failure.js'
import type { EndedAttempt } from '../jobs/transition.js'

export interface CordonsOptions {
  /** Jobs in a row that a worker may fail before it is cordoned. */
  readonly limit: number
  /** Told of every worker that is taken out of service, or put back (null). */
  readonly onChange: (workerId: string, reason: string | null) => void
}

/** Which workers get no jobs, and why: those that fail job after job, and those that an operator took out of service. */
export class Cordons {
  /** Jobs that each worker has failed since it last did well. */
  private readonly failed = new Map<string, Set<number>>()
  private readonly reasons: Map<string, string>

  /** @param stored workers that were cordoned when the last coordinator ended */
  constructor(
    stored: Iterable<readonly [string, string]>,
    private readonly options: CordonsOptions,
  ) {
    this.reasons = new Map(stored)
  }

  /** Why the worker gets no jobs; null = it gets some. */
  reasonFor(workerId: string): string | null {
    return this.reasons.get(workerId) ?? null
  }

  /** Takes the end of an attempt into account. Several failures of one job count once: they may be the candidate's fault. */
  note(jobId: number, { workerId, outcome }: EndedAttempt): void {
    if (outcome.kind === 'cancelled') return
    if (outcome.kind !== 'failed') {
      this.failed.delete(workerId)
      return
    }
    if (!failureOf(outcome.reason).blamesWorker) return
    const jobs = this.failed.get(workerId) ?? new Set<number>()
    this.failed.set(workerId, jobs.add(jobId))
    if (jobs.size < this.options.limit || this.reasons.has(workerId)) return
    this.cordon(workerId, `${jobs.size} jobs in a row failed there; at last: ${outcome.reason}: ${outcome.message}`)
  }

  cordon(workerId: string, reason: string): void {
    this.reasons.set(workerId, reason)
    this.options.onChange(workerId, reason)
  }

  uncordon(workerId: string): void {
    this.failed.delete(workerId)
    this.reasons.delete(workerId)
    this.options.onChange(workerId, null)
  }
}
