import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { Candidate, CandidateStatus } from '../../shared/cluster/candidate.js'
import type { EpochReport } from '../../shared/cluster/job-lease.js'
import type { FailureGroup, JobRecord } from '../../shared/cluster/job-record.js'
import type { FinalStatus, SearchStatus } from '../../shared/cluster/search-snapshot.js'
import type { WorkerDescription } from '../../shared/cluster/worker-description.js'
import type { FailureReason, Outcome } from '../../shared/training/outcome.js'
import type { Job } from '../jobs/job.js'
import type { EndedAttempt } from '../jobs/transition.js'
import type { SearchState } from '../search/search.js'
import type { WarmStart } from '../warm-start/warm-start.js'

/** What is known of a search when it begins. */
export interface NewSearch {
  /** Tells this search from every other one. */
  readonly id: string
  readonly name: string
  /** Plain JSON, as its user gave it. */
  readonly config: unknown
  readonly createdAtMs: number
  readonly state: SearchState
  /** Stands for what a whole training comes to, see evaluationDigest; null = not known. */
  readonly evaluation: string | null
  /** What it began with that was known from elsewhere; null = nothing. */
  readonly warmStart: WarmStart | null
}

/** What changes with every ask and tell; committed together with them. */
export interface SearchProgress {
  readonly state: SearchState
  /** Time spent searching so far, all runs together. */
  readonly elapsedMs: number
}

/** A search as it was last committed; its rows are read separately. */
export interface StoredSearch extends NewSearch, SearchProgress {
  readonly status: SearchStatus
  readonly statusReason: string
  /** The final status that a search which is stopping will have. */
  readonly ending: FinalStatus | null
  readonly lastCandidate: number
  readonly lastJobId: number
  readonly lastTold: number
  readonly lostAttempts: Readonly<Partial<Record<FailureReason, number>>>
}

/** A candidate that has gone, or is on its way, beyond the lowest rung. */
export interface StoredPromotion {
  readonly sequence: number
  readonly rung: number
}

export type NewCandidate = Pick<Candidate, 'sequence' | 'encoding' | 'operator' | 'parents' | 'phase' | 'params' | 'macs' | 'activations'>

/** Something that happened. Recording one twice (a candidate told twice apart) changes nothing. */
export type StoreChange =
  | { readonly kind: 'proposed'; readonly candidate: NewCandidate }
  /** A result of a higher rung takes the place of the lower one's; absent rung = 0. */
  | { readonly kind: 'told'; readonly sequence: number; readonly toldSequence: number; readonly outcome: Outcome; readonly rung?: number }
  /** A told candidate is trained on, up to this rung. */
  | { readonly kind: 'promoted'; readonly sequence: number; readonly rung: number }
  /** It was cancelled, so the candidate may be promoted again. */
  | { readonly kind: 'promotion_cancelled'; readonly sequence: number }
  | { readonly kind: 'withdrawn'; readonly sequence: number; readonly outcome: Outcome }
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'attempt_ended'; readonly jobId: number; readonly ended: EndedAttempt }
  | { readonly kind: 'epoch'; readonly report: EpochReport; readonly atMs: number }
  | { readonly kind: 'worker'; readonly worker: WorkerDescription; readonly address: string; readonly atMs: number }
  | { readonly kind: 'cordon'; readonly workerId: string; readonly reason: string | null }
  | { readonly kind: 'status'; readonly status: SearchStatus; readonly ending: FinalStatus | null; readonly reason: string; readonly atMs: number }

export interface CandidatePage {
  readonly afterSequence: number
  readonly limit: number
  readonly status: CandidateStatus | null
}

export interface JobPage {
  readonly afterId: number
  readonly limit: number
  /** Only jobs of which an attempt failed. */
  readonly failed: boolean
}

/** A worker that has registered at some time. */
export interface KnownWorker {
  readonly workerId: string
  readonly name: string
  /** Why it gets no jobs; null = it gets some. */
  readonly cordoned: string | null
}

/** What people ask a store; committed rows only. */
export interface StoreReports {
  /** Every worker that has ever registered, by name. */
  workers(): KnownWorker[]
  /** Jobs by number. */
  jobs(page: JobPage): JobRecord[]
  /** Failures of the whole search by reason, most frequent first. */
  failures(): FailureGroup[]
}

/**
 * Durable memory of one search. Changes are recorded at once and written together, all of one turn of the event loop in one
 * transaction and in the order recorded; what depends on their being durable waits for `committed`.
 * Readers see committed rows only.
 */
export interface SearchStore {
  /** null = there is no search yet. */
  search(): StoredSearch | null
  /** Durable when it returns. @throws InvalidInputError when there is a search already. */
  create(search: NewSearch): void
  /** Where each commit reads the search's progress from. */
  follow(progress: () => SearchProgress): void
  record(change: StoreChange): void
  /** As `record`, but it may wait for the next change that does not: for what can be lost and done again. */
  recordLazily(change: StoreChange): void
  /**
   * Resolves when all that was recorded so far is durable.
   * Rejects with UnavailableError when it could not be written; it stays recorded and is tried again, so ask again.
   */
  committed(): Promise<void>
  /** Results in the order they were told: of a candidate that climbed, one for each of its rungs. */
  told(): Iterable<Candidate>
  /** Pending candidates, in the order they were proposed. */
  pending(): Candidate[]
  /** Told candidates whose training on a higher rung has not ended. */
  climbing(): Candidate[]
  promotions(): StoredPromotion[]
  /** Jobs that have not ended, oldest first. Leases are not stored: those that are held get the given one. */
  openJobs(leaseExpiresAtMs: number): Job[]
  /** How an attempt ended, also if that is recorded but not committed yet; null = it is not known to have ended. */
  outcomeOf(attempt: AttemptReference): Outcome['kind'] | null
  candidates(page: CandidatePage): Candidate[]
  /** Commits what is recorded and lets go of the files. Idempotent. */
  close(): void
}
