import type { FailureReason } from '../../shared/training/outcome.js'

/** What a failed attempt says, about the job and about its worker. */
export interface FailureClass {
  /** Whether it counts against the job's limit of failures: it may be the candidate's fault. */
  readonly counts: boolean
  /** Whether the candidate may have brought the worker or the trainer down. */
  readonly kills: boolean
  /** Whether it speaks against the worker: one that fails so job after job is taken out of service. */
  readonly blamesWorker: boolean
}

/**
 * Losses of the machinery are retried for nothing; what may be anybody's fault is retried so many times. A worker that falls
 * silent may do so because the coordinator or the network stood still: that speaks against nobody.
 */
const classes: Readonly<Record<FailureReason, FailureClass>> = {
  worker_lost: { counts: false, kills: true, blamesWorker: false },
  preempted: { counts: false, kills: false, blamesWorker: false },
  disk: { counts: false, kills: false, blamesWorker: true },
  network: { counts: false, kills: false, blamesWorker: true },
  data: { counts: true, kills: false, blamesWorker: true },
  crashed: { counts: false, kills: true, blamesWorker: true },
  internal: { counts: true, kills: false, blamesWorker: true },
  attempt_limit: { counts: true, kills: false, blamesWorker: true },
  // Ends of jobs, not of attempts; a worker that reports one is in error.
  quarantined: { counts: true, kills: false, blamesWorker: true },
  queue_limit: { counts: true, kills: false, blamesWorker: true },
  overall_limit: { counts: true, kills: false, blamesWorker: true },
}

export function failureOf(reason: FailureReason): FailureClass {
  return classes[reason]
}
