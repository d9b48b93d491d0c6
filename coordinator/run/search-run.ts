import type { AttemptReference, Cancellation } from '../../shared/cluster/attempt.js'
import type { EpochReport, JobLease } from '../../shared/cluster/job-lease.js'
import { isFinal, type FinalStatus, type SearchStatus, type StopMode } from '../../shared/cluster/search-snapshot.js'
import type { Clock } from '../../shared/clock.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import type { FailureReason, Outcome } from '../../shared/training/outcome.js'
import { JobTable, type Applicant } from '../jobs/job-table.js'
import { isHeld, type HeldJob, type Holder, type Job } from '../jobs/job.js'
import type { JobPolicy } from '../jobs/policy.js'
import type { EndedAttempt } from '../jobs/transition.js'
import { admissionOf, type AdmissionState } from '../search/admission.js'
import type { Proposal } from '../search/search.js'
import type { SearchStore } from '../store/store.js'
import { comparableOn, type WarmStart } from '../warm-start/warm-start.js'
import { candidatesLeft, exhaustion, type Budget } from './budget.js'
import { CandidatesInFlight } from './candidates-in-flight.js'
import type { Climb } from './climb.js'
import { ProgressBoard } from './progress-board.js'
import type { RunObserver } from './run-observer.js'
import { RunStatus } from './run-status.js'
import type { SearchHost } from './search-host.js'
import type { StartingPoint } from './starting-point.js'
import type { SearchStatistics } from './statistics.js'
import type { TrainingLengths } from './training-lengths.js'
import { specificationOf, type ResolvedDataset } from './training-specification.js'

export interface SearchRunOptions {
  readonly config: SearchConfig
  readonly dataset: ResolvedDataset
  readonly search: SearchHost
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly lengths: TrainingLengths
  readonly start: StartingPoint
  readonly store: Pick<SearchStore, 'record' | 'recordLazily' | 'follow' | 'committed' | 'outcomeOf'>
  readonly policy: JobPolicy
  readonly clock: Clock
  /** Parameters, MACs, activations of a network at the search's resolution and classes. */
  readonly costOf: (encoding: string) => NetworkCost
  readonly observer?: RunObserver
  /**
   * Runs a task soon, when the answers of now are on their way; by default at once. Proposals are made so: they are decided
   * ahead of need, and nobody should wait for them.
   */
  readonly later?: (task: () => void) => void
}

/** Candidates in a row that only machinery ended, after which the search fails: every further one would go the same way. */
const hopelessRow = 5

/** Share of the jobs kept queued that may be missing before the search is asked: what an ask takes beside its proposals is shared by them. */
const askedShare = 1 / 4

/**
 * One search from its first proposal to its last result: asks the search for candidates ahead of need, leases their jobs,
 * tells it the outcomes, and ends when the budget is used up. Synchronous; all that must survive is recorded in the store
 * in the turn in which it happens, and answers that promise it wait for `store.committed`.
 */
export class SearchRun {
  readonly progress = new ProgressBoard()
  readonly lostAttempts: Partial<Record<FailureReason, number>>
  private readonly table: JobTable
  private readonly candidates: CandidatesInFlight
  private readonly state: RunStatus
  private readonly listeners = new Set<() => void>()
  private readonly budget: Budget
  private isTopUpDue = false
  /** Results of other searches that count as this one's. */
  private taken: number
  /** What may be taken over; until a worker says what it trains on, nothing is proposed. */
  private warmStart: WarmStart | null
  /** Jobs to keep queued ahead of need; follows the number of slots. */
  private ahead = 1
  private slots = 1
  /** Whether all candidates of the budget are proposed, and the longest trainings begin first. */
  private isLastStretch = false

  constructor(private readonly options: SearchRunOptions) {
    const { start, policy, config, clock, store } = options
    this.budget = { candidates: config.search.candidates, timeLimitMs: config.search.timeLimit ?? null }
    this.lostAttempts = { ...start.lostAttempts }
    this.warmStart = start.warmStart
    this.taken = start.takenOver
    this.candidates = new CandidatesInFlight(options)
    this.table = new JobTable(policy, (job, ended, previous) => this.jobChanged(job, ended, previous))
    for (const job of start.jobs) this.table.insert(job)
    this.state = new RunStatus(start, clock, config.search.drainTime, (...change) => this.statusChanged(...change))
    store.follow(() => ({ state: options.search.state(), elapsedMs: this.elapsedMs }))
    options.search.onLost((reason) => this.searchLost(reason))
    this.settle()
  }

  get status(): SearchStatus {
    return this.state.status
  }

  get statusReason(): string {
    return this.state.reason
  }

  /** What the search has turned away; null = it turns nothing away. */
  get admission(): AdmissionState | null {
    return admissionOf(this.options.search.state())
  }

  /** What is wrong with the search; null = nothing. */
  get trouble(): string | null {
    return this.options.search.trouble
  }

  get elapsedMs(): number {
    return this.state.elapsedMs
  }

  get jobs(): Pick<JobTable, 'states' | 'held' | 'heldBy' | 'get' | 'queued'> {
    return this.table
  }

  /** Results of other searches that were taken over; null = that is not settled yet. */
  get takenOver(): number | null {
    return this.warmStart === null ? this.taken : null
  }

  /** Whether there will never again be a job to lease. */
  get isOver(): boolean {
    return !this.state.isRunning
  }

  /** Called after every change; returns what takes the listener away. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Keeps as many jobs queued as `slots` slots may need before the next ask. */
  prepareFor(slots: number): void {
    this.slots = slots
    this.ahead = Math.max(1, Math.min(64, Math.ceil(slots / 8)))
    this.settle()
  }

  /**
   * A worker that may be given jobs is there: with the first one, it is settled which results of other searches count here.
   * @returns how many were taken over now; null = it was settled before
   */
  workerJoined(deviceClass: string): number | null {
    if (this.warmStart === null || !this.state.isRunning) return null
    const results = comparableOn(deviceClass, this.warmStart)
    this.warmStart = null
    this.candidates.takeOver(results)
    this.taken = results.length
    this.settle()
    return results.length
  }

  /** The job that the slot holds already, or else the oldest that is ready; at the end of the budget, the longest. */
  lease(applicant: Applicant): JobLease | null {
    const held = this.leaseHeld(applicant)
    if (held !== null || this.isOver) return held
    if (this.table.queued === 0) this.topUp()
    const job = this.table.lease(applicant, this.now()) ?? this.leaseNew(applicant)
    // Nothing has changed, so nobody is told: waiting slots are served on changes, and would ask again without end.
    if (job === null) return null
    this.settle()
    return this.leaseOf(job)
  }

  /** The job that the slot holds already, if it holds one. */
  leaseHeld(holder: Holder): JobLease | null {
    const held = this.table.heldBy(holder)
    if (held === null) return null
    this.table.renew({ jobId: held.id, token: held.attempt }, holder, this.now())
    return this.leaseOf(held)
  }

  /** Nobody could renew a lease for so long, because this process stood still. */
  prolongLeases(byMs: number): void {
    this.table.prolongLeases(byMs)
  }

  /** Ends the search because it cannot go on; what is running is cancelled. */
  fail(reason: string): void {
    if (this.state.isRunning) this.beginStopping('failed', reason, 0)
    this.settle()
  }

  /** The holder still works on the attempt. @returns why it must end it, if it must */
  renew(attempt: AttemptReference, holder: Holder): Cancellation | null {
    const applied = this.table.renew(attempt, holder, this.now())
    if (applied !== 'moved') return { ...attempt, reason: 'the lease has passed on, or the job has ended' }
    const job = this.table.get(attempt.jobId)
    return job && isHeld(job) && job.state.cancelling !== null ? { ...attempt, reason: job.state.cancelling } : null
  }

  report(report: EpochReport, holder: Holder): Cancellation | null {
    const cancellation = this.renew(report, holder)
    const job = this.table.get(report.jobId)
    if (job?.attempt === report.token && this.progress.report(report)) {
      this.options.store.record({ kind: 'epoch', report, atMs: this.now() })
      this.changed()
    }
    return cancellation
  }

  /**
   * Counts an outcome once; see CompleteJob of worker.proto.
   * @param outgrownBytes memory of the device that it ran on, where some worker has a larger one; null = none has
   */
  complete(attempt: AttemptReference, outcome: Outcome, outgrownBytes: number | null = null): 'accepted' | 'stale' {
    const applied = this.table.complete(attempt, outcome, this.now(), outgrownBytes)
    this.settle()
    if (applied === 'moved' || applied === 'unchanged') return 'accepted'
    // A job that has ended is no longer in memory; the store knows whether it ended with this very report.
    return applied === 'unknown' && this.options.store.outcomeOf(attempt) === outcome.kind ? 'accepted' : 'stale'
  }

  release(attempt: AttemptReference, reason: string): void {
    this.table.release(attempt, reason, this.now())
    this.settle()
  }

  /** Ends what waits for a larger device than there is. @param largestBytes memory of the largest; undefined = not known of any */
  giveUpLarger(largestBytes: number | undefined): void {
    this.table.giveUpLarger(largestBytes, this.now())
    this.settle()
  }

  /** Ends the search for good. A later call can only be stricter. */
  stop(mode: StopMode, reason: string): void {
    if (isFinal(this.status)) return
    if (this.state.isRunning) this.beginStopping('stopped', reason, Infinity)
    if (mode === 'cancel') this.table.cancelAll(reason, this.now())
    this.settle()
  }

  /** Lets time pass: leases, limits and the budget run out. */
  tick(): void {
    this.table.tick(this.now())
    if (this.now() >= this.state.cancelAtMs) {
      this.state.cancelAtMs = Infinity
      this.table.cancelAll(this.state.reason, this.now())
    }
    this.settle()
  }

  /** When tick has to be called next, at the latest. */
  nextDueMs(): number {
    const { timeLimitMs } = this.budget
    const limit = this.state.isRunning && timeLimitMs !== null ? this.now() + timeLimitMs - this.elapsedMs : Infinity
    return Math.min(this.table.nextDueMs(), this.table.nextReadyMs(this.now()), this.state.cancelAtMs, limit)
  }

  /** Brings everything that follows from the last change about. */
  private settle(): void {
    if (this.state.isRunning) this.endOnBudget()
    if (this.state.isRunning) this.topUpSoon()
    this.conclude()
  }

  private conclude(): void {
    if (this.status === 'stopping') this.finishWhenEmpty()
    this.changed()
  }

  private endOnBudget(): void {
    const why = exhaustion(this.budget, this.options.statistics.trained, this.elapsedMs, () => this.candidates.isClimbing)
    if (why !== null) return this.beginStopping('finished', why, this.now() + this.options.config.search.drainTime)
    if (this.candidates.endedByMachineryInARow >= hopelessRow) {
      this.beginStopping('failed', `${hopelessRow} candidates in a row were given up after failures of machines; see \`reason\` in the jobs table`, 0)
    }
  }

  /** What is queued waits for a retry or for another worker: a slot does not stand idle for that. */
  private leaseNew(applicant: Applicant): HeldJob | null {
    const { candidates } = this
    const left = candidatesLeft(this.budget, this.options.statistics.trained, candidates.withoutResult)
    // Of those that are asked for already the slot is given one when they come.
    if (left <= 0 || candidates.requested > 0 || candidates.isSpaceExhausted || this.warmStart !== null) return null
    this.propose(1)
    return this.table.lease({ ...applicant, preferOthers: true }, this.now())
  }

  private topUpSoon(): void {
    if (this.options.later === undefined) return this.topUp()
    if (this.isTopUpDue) return
    this.isTopUpDue = true
    this.options.later(() => {
      this.isTopUpDue = false
      if (!this.state.isRunning) return
      this.topUp()
      this.conclude()
    })
  }

  private topUp(): void {
    if (this.warmStart !== null) return
    const { candidates } = this
    for (const job of candidates.promote(this.ahead - this.table.queued, this.now())) this.table.insert(job)
    const left = candidatesLeft(this.budget, this.options.statistics.trained, candidates.withoutResult)
    if (left === 0) this.beginLastStretch()
    const missing = this.ahead - this.table.queued - candidates.requested
    // The last ones, one for each slot, are proposed together: begun longest first, they end at about the same time.
    const wanted = left <= this.slots ? left : missing >= this.ahead * askedShare ? Math.min(left, missing) : 0
    if (wanted > 0 && !candidates.isSpaceExhausted) this.propose(wanted)
    if (candidates.isSpaceExhausted && candidates.count === 0) this.beginStopping('finished', 'there are no more networks within the bounds', 0)
  }

  private beginLastStretch(): void {
    if (this.isLastStretch) return
    this.isLastStretch = true
    const lengthOf = this.candidates.lengths()
    this.table.leaseLongestFirst(({ candidate }) => lengthOf(candidate))
  }

  private propose(count: number): void {
    let isLate = false
    this.candidates.propose(count, (proposals) => {
      this.take(proposals)
      if (isLate) this.settle()
    })
    isLate = true
  }

  private take(proposals: readonly Proposal[]): void {
    if (!this.state.isRunning) return this.candidates.decline(proposals)
    for (const job of this.candidates.accept(proposals, this.now())) this.table.insert(job)
  }

  private searchLost(reason: string): void {
    if (!this.state.isRunning) return
    this.beginStopping('failed', reason, this.now() + this.options.config.search.drainTime)
    this.conclude()
  }

  private jobChanged(job: Job, ended: EndedAttempt | null, previous: Job): void {
    const { store, observer } = this.options
    if (!isRenewal(job, previous)) store.record({ kind: 'job', job })
    if (ended) store.record({ kind: 'attempt_ended', jobId: job.id, ended })
    if (ended?.outcome.kind === 'failed') this.countLost(ended.outcome.reason)
    if (ended) this.progress.forget(job.id)
    observer?.jobChanged?.(job, previous, ended)
    if (job.state.kind === 'done') this.candidates.end(job.candidate, job.state.outcome)
  }

  private countLost(reason: FailureReason): void {
    this.lostAttempts[reason] = (this.lostAttempts[reason] ?? 0) + 1
  }

  private beginStopping(ending: FinalStatus, reason: string, cancelAtMs: number): void {
    this.state.beginStopping(ending, reason, cancelAtMs)
    this.table.cancelQueued(reason, this.now())
    if (cancelAtMs <= this.now()) this.table.cancelAll(reason, this.now())
  }

  private finishWhenEmpty(): void {
    // A job that fell back into the queue meanwhile will not be handed out any more.
    if (this.table.queued > 0) this.table.cancelQueued(this.state.reason, this.now())
    if (this.table.size === 0) this.state.finish()
  }

  private statusChanged(status: SearchStatus, ending: FinalStatus | null, reason: string): void {
    this.options.store.record({ kind: 'status', status, ending, reason, atMs: this.now() })
    this.options.observer?.statusChanged?.(status, reason)
  }

  private leaseOf(job: HeldJob): JobLease {
    const { config, dataset } = this.options
    const { deadlineMs, sinceMs } = job.state
    return {
      jobId: job.id,
      token: job.attempt,
      candidate: job.candidate,
      specification: specificationOf(job.encoding, this.candidates.rungOf(job.candidate), config, dataset),
      attemptLimitMs: deadlineMs === null ? null : deadlineMs - sinceMs,
    }
  }

  private changed(): void {
    for (const listener of this.listeners) listener()
  }

  private now(): number {
    return this.options.clock.now()
  }
}

/** Whether only the lease was prolonged, which is not kept in the store. */
function isRenewal(job: Job, previous: Job): boolean {
  return (
    job.state.kind === 'running' &&
    previous.state.kind === 'running' &&
    job.attempt === previous.attempt &&
    job.state.cancelling === previous.state.cancelling
  )
}
