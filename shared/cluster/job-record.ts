import type { FailureReason, Outcome } from '../training/outcome.js'

/** A job as people see it. */
export interface JobRecord {
  readonly id: number
  /** Sequence number of its candidate. */
  readonly candidate: number
  readonly encoding: string
  readonly state: 'queued' | 'leased' | 'running' | 'done'
  /** Why it is in this state; of a job that is done, what its outcome says. */
  readonly reason: string
  readonly createdAtMs: number
  /** Since when it is in this state. */
  readonly sinceMs: number
  /** When a limit ends this state; null = none does. */
  readonly deadlineMs: number | null
  /** Attempts handed out so far. */
  readonly attempt: number
  /** Failures that count against its limit. */
  readonly failures: number
  /** Memory of the device on which it ran out of it, where it was tried, or is to be tried, on a larger one; null = it was not. */
  readonly outgrownMemoryBytes: number | null
  /** Who has it; null = nobody. */
  readonly workerId: string | null
  /** null = it has not ended. */
  readonly outcome: Outcome['kind'] | null
  /** Of a job that failed. */
  readonly failureReason: FailureReason | null
}

/** Failures of one kind. */
export interface FailureGroup {
  readonly reason: FailureReason
  /** Attempts that failed so. */
  readonly attempts: number
  /** Jobs that they belong to. */
  readonly jobs: number
  /** Workers that they ran on. */
  readonly workers: number
  /** Jobs that were given up for this reason. */
  readonly givenUp: number
  /** What the latest of them said. */
  readonly latestMessage: string
  readonly latestAtMs: number
}
