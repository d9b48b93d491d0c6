import type { SearchStatus } from '../../shared/cluster/search-snapshot.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { Job } from '../jobs/job.js'
import type { EndedAttempt } from '../jobs/transition.js'

/** Told of what happens, for logs and metrics. */
export interface RunObserver {
  jobChanged?(job: Job, previous: Job, ended: EndedAttempt | null): void
  /** A training of a candidate ended, on a rung from 0. */
  candidateEnded?(encoding: string, outcome: Outcome, rung: number): void
  statusChanged?(status: SearchStatus, reason: string): void
}
