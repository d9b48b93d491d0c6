import type { AttemptReference } from '../shared/cluster/attempt.js'
import type { Candidate } from '../shared/cluster/candidate.js'
import { InvalidInputError } from '../shared/errors.js'
import type { FailureReason, Outcome } from '../shared/training/outcome.js'
import { isHeld, type Job } from '../coordinator/jobs/job.js'
import type { CandidatePage, KnownWorker, NewSearch, SearchProgress, SearchStore, StoreChange, StoredPromotion, StoredSearch, StoreReports } from '../coordinator/store/store.js'

/** A search in memory, for simulations: nothing survives the process. It outlives its coordinators, so that they can be restarted. */
export class MemoryStore implements SearchStore, Pick<StoreReports, 'workers'> {
  private begun: StoredSearch | null = null
  private progress: (() => SearchProgress) | null = null
  private uncommitted: StoreChange[] = []
  private readonly bySequence = new Map<number, Candidate>()
  private readonly toldInOrder: Candidate[] = []
  private readonly promotedTo = new Map<number, number>()
  private readonly jobs = new Map<number, Job>()
  private readonly attempts = new Map<string, Outcome>()
  private readonly byWorker = new Map<string, KnownWorker>()

  search(): StoredSearch | null {
    return this.begun && { ...this.begun, lostAttempts: this.lostAttempts() }
  }

  create(search: NewSearch): void {
    if (this.begun !== null) throw new InvalidInputError('there is a search already in this store')
    const nothing = { elapsedMs: 0, lastCandidate: 0, lastJobId: 0, lastTold: 0, lostAttempts: {} }
    this.begun = { ...search, status: 'running', statusReason: '', ending: null, ...nothing }
  }

  follow(progress: () => SearchProgress): void {
    this.progress = progress
  }

  record(change: StoreChange): void {
    this.uncommitted.push(change)
    if (change.kind === 'attempt_ended') this.attempts.set(keyOf({ jobId: change.jobId, token: change.ended.token }), change.ended.outcome)
  }

  recordLazily(change: StoreChange): void {
    this.uncommitted.push(change)
  }

  committed(): Promise<void> {
    this.commit()
    return Promise.resolve()
  }

  /** What a coordinator that dies has recorded and not committed is lost with it. */
  abandon(): void {
    for (const change of this.uncommitted) {
      if (change.kind === 'attempt_ended') this.attempts.delete(keyOf({ jobId: change.jobId, token: change.ended.token }))
    }
    this.uncommitted = []
    this.progress = null
  }

  *told(): Iterable<Candidate> {
    yield* this.toldInOrder
  }

  pending(): Candidate[] {
    return [...this.bySequence.values()].filter(({ status }) => status === 'pending')
  }

  climbing(): Candidate[] {
    const open = new Set([...this.jobs.values()].map(({ candidate }) => candidate))
    return [...this.bySequence.values()].filter(({ sequence, status }) => status === 'told' && open.has(sequence))
  }

  promotions(): StoredPromotion[] {
    const all = [...this.promotedTo].map(([sequence, rung]) => ({ sequence, rung }))
    return all.filter(({ rung }) => rung > 0).sort((a, b) => a.sequence - b.sequence)
  }

  openJobs(leaseExpiresAtMs: number): Job[] {
    const open = [...this.jobs.values()].sort((a, b) => a.id - b.id)
    return open.map((job) => (isHeld(job) ? { ...job, state: { ...job.state, expiresAtMs: leaseExpiresAtMs } } : job))
  }

  outcomeOf(attempt: AttemptReference): Outcome['kind'] | null {
    return this.attempts.get(keyOf(attempt))?.kind ?? null
  }

  candidates({ afterSequence, limit, status }: CandidatePage): Candidate[] {
    const found = [...this.bySequence.values()].filter((each) => each.sequence > afterSequence && (status === null || each.status === status))
    return found.sort((a, b) => a.sequence - b.sequence).slice(0, limit)
  }

  workers(): KnownWorker[] {
    return [...this.byWorker.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  close(): void {
    this.commit()
    this.progress = null
  }

  private commit(): void {
    if (this.uncommitted.length === 0) return
    const changes = this.uncommitted
    this.uncommitted = []
    for (const change of changes) this.apply(change)
    if (this.progress !== null) this.change(this.progress())
  }

  private apply(change: StoreChange): void {
    switch (change.kind) {
      case 'proposed':
        return this.propose(change.candidate)
      case 'told':
        return this.endCandidate(change.sequence, { status: 'told', outcome: change.outcome, toldSequence: change.toldSequence, rung: change.rung ?? 0 })
      case 'promoted':
        return void this.promotedTo.set(change.sequence, Math.max(change.rung, this.promotedTo.get(change.sequence) ?? 0))
      case 'promotion_cancelled':
        return void this.promotedTo.set(change.sequence, this.bySequence.get(change.sequence)?.rung ?? 0)
      case 'withdrawn':
        return this.endCandidate(change.sequence, { status: 'withdrawn', outcome: change.outcome })
      case 'job':
        return this.keepJob(change.job)
      case 'status':
        return this.change({ status: change.status, statusReason: change.reason, ending: change.ending })
      case 'worker':
        return this.keepWorker({ cordoned: null, ...this.byWorker.get(change.worker.workerId), workerId: change.worker.workerId, name: change.worker.name })
      case 'cordon':
        return this.cordon(change.workerId, change.reason)
      case 'attempt_ended':
      case 'epoch':
        // Attempts are known as soon as they are recorded; epochs are never read.
        return
    }
  }

  private propose(candidate: Extract<StoreChange, { kind: 'proposed' }>['candidate']): void {
    if (this.bySequence.has(candidate.sequence)) return
    this.bySequence.set(candidate.sequence, { ...candidate, status: 'pending', outcome: null, toldSequence: null, rung: 0 })
    this.change({ lastCandidate: Math.max(this.begun?.lastCandidate ?? 0, candidate.sequence) })
  }

  private endCandidate(sequence: number, end: Pick<Candidate, 'status' | 'outcome'> & Partial<Candidate>): void {
    const candidate = this.bySequence.get(sequence)
    const isHigher = candidate?.status === 'told' && (end.rung ?? 0) > candidate.rung
    if (candidate === undefined || (candidate.status !== 'pending' && !isHigher)) return
    const ended = { ...candidate, ...end }
    this.bySequence.set(sequence, ended)
    if (ended.toldSequence === null) return
    this.toldInOrder.push(ended)
    this.change({ lastTold: Math.max(this.begun?.lastTold ?? 0, ended.toldSequence) })
  }

  private keepJob(job: Job): void {
    if (job.state.kind === 'done') this.jobs.delete(job.id)
    else this.jobs.set(job.id, job)
    this.change({ lastJobId: Math.max(this.begun?.lastJobId ?? 0, job.id) })
  }

  private keepWorker(worker: KnownWorker): void {
    this.byWorker.set(worker.workerId, worker)
  }

  private cordon(workerId: string, cordoned: string | null): void {
    const worker = this.byWorker.get(workerId)
    if (worker !== undefined) this.keepWorker({ ...worker, cordoned })
  }

  private change(changes: Partial<StoredSearch>): void {
    if (this.begun !== null) this.begun = { ...this.begun, ...changes }
  }

  private lostAttempts(): Partial<Record<FailureReason, number>> {
    const counts: Partial<Record<FailureReason, number>> = {}
    for (const outcome of this.attempts.values()) {
      if (outcome.kind === 'failed') counts[outcome.reason] = (counts[outcome.reason] ?? 0) + 1
    }
    return counts
  }
}

function keyOf({ jobId, token }: AttemptReference): string {
  return `${jobId}-${token}`
}
