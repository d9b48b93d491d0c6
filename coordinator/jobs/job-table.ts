import TinyQueue from 'tinyqueue'
import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { isHeld, isQueued, type HeldJob, type Holder, type Job, type Queued } from './job.js'
import { isLarger } from './larger-device.js'
import type { JobPolicy } from './policy.js'
import { transition, type EndedAttempt, type JobEvent, type Refusal } from './transition.js'

/** Told of every change of a job, in order. */
export type JobObserver = (job: Job, ended: EndedAttempt | null, previous: Job) => void

/** `unknown`: no job with this number that has not ended. */
export type Applied = 'moved' | 'unchanged' | Refusal | 'unknown'

/** Who asks for a job. */
export interface Applicant extends Holder {
  /** Memory that a training has there; undefined = not known. */
  readonly memoryBytes?: number | undefined
  /** Whether there are other workers, to whom the jobs are left for a while that this one has failed. Default false. */
  readonly preferOthers?: boolean
}

/** A job that may be handed out. */
interface Ready {
  readonly id: number
  readonly length: number
}

const comesFirst = (a: Ready, b: Ready): number => b.length - a.length || a.id - b.id

/** How far down the queue a job is looked for that the asking worker may have. */
const avoidanceDepth = 64

/**
 * The jobs that have not ended, and who may have them. Time is an argument everywhere; nothing here waits or writes.
 * Ended jobs leave the table, so its size follows the work in flight, not the history.
 */
export class JobTable {
  private readonly jobs = new Map<number, Job>()
  private readonly byHolder = new Map<string, number>()
  /** Longest job first where lengths are told, else oldest first. Entries are not taken out when a job leaves the queue otherwise; they are checked when they come up. */
  private readonly ready = new TinyQueue<Ready>([], comesFirst)
  /** The same, of jobs that only larger devices than some may have. */
  private readonly readyForLarger = new TinyQueue<Ready>([], comesFirst)
  private lengthOf: (job: Job) => number = () => 0
  private readonly delayed = new TinyQueue<Job<Queued>>([], (a, b) => a.state.notBeforeMs - b.state.notBeforeMs || a.id - b.id)
  private readonly counts = { queued: 0, leased: 0, running: 0, done: 0 }
  /** Jobs that are ready, but not yet for the worker that failed them, by when they are. */
  private readonly avoided = new TinyQueue<Job<Queued>>([], (a, b) => a.state.notBeforeMs - b.state.notBeforeMs || a.id - b.id)
  /** Nothing falls due before this; a bound, corrected by each look through the table. */
  private dueMs = Infinity

  constructor(
    private readonly policy: JobPolicy,
    private readonly observe: JobObserver,
  ) {}

  /** Takes in a new or stored job, without telling the observer. */
  insert(job: Job): void {
    this.put(job)
  }

  get(jobId: number): Job | undefined {
    return this.jobs.get(jobId)
  }

  get queued(): number {
    return this.counts.queued
  }

  /** Jobs by state, those that have not ended. */
  states(): Readonly<Record<'queued' | 'leased' | 'running', number>> {
    const { queued, leased, running } = this.counts
    return { queued, leased, running }
  }

  /** What this slot holds already. */
  heldBy(holder: Holder): HeldJob | null {
    const job = this.jobs.get(this.byHolder.get(holderKey(holder)) ?? 0)
    return job && isHeld(job) ? job : null
  }

  held(): HeldJob[] {
    return [...this.jobs.values()].filter(isHeld)
  }

  /** Number of jobs that have not ended. */
  get size(): number {
    return this.jobs.size
  }

  /** Leases the job that is ready and comes first, the oldest or the longest, those before others that need the memory of this device. */
  lease(applicant: Applicant, atMs: number): HeldJob | null {
    const { workerId, slot, memoryBytes } = applicant
    this.promote(atMs)
    const fits = ({ outgrown }: Job): boolean => outgrown === null || isLarger(memoryBytes, outgrown.memoryBytes)
    const isLeftToOthers = ({ state: { avoid, notBeforeMs } }: Job<Queued>): boolean =>
      applicant.preferOthers === true && avoid === workerId && atMs < notBeforeMs + this.policy.avoidanceMs
    const isFor = (job: Job<Queued>): boolean => fits(job) && !isLeftToOthers(job)
    const job = this.take(this.readyForLarger, isFor, atMs) ?? this.take(this.ready, isFor, atMs)
    if (job === null) return null
    this.apply(job.id, { kind: 'lease', workerId, slot }, atMs)
    return this.heldBy({ workerId, slot })
  }

  /** From now on, of the jobs that are ready the longest is leased first. @param lengthOf told of a job when it becomes ready */
  leaseLongestFirst(lengthOf: (job: Job) => number): void {
    this.lengthOf = lengthOf
    const ids = new Set<number>()
    for (const queue of [this.ready, this.readyForLarger]) for (let next = queue.pop(); next !== undefined; next = queue.pop()) ids.add(next.id)
    for (const id of ids) {
      const job = this.jobs.get(id)
      if (job && isQueued(job)) this.makeReady(job)
    }
  }

  renew(attempt: AttemptReference, holder: Holder, atMs: number): Applied {
    return this.apply(attempt.jobId, { kind: 'renew', token: attempt.token, ...holder }, atMs)
  }

  /** @param outgrownBytes memory of the device that it ran on, where some worker has a larger one */
  complete(attempt: AttemptReference, outcome: Outcome, atMs: number, outgrownBytes: number | null = null): Applied {
    return this.apply(attempt.jobId, { kind: 'complete', token: attempt.token, outcome, outgrownBytes }, atMs)
  }

  release(attempt: AttemptReference, reason: string, atMs: number): Applied {
    return this.apply(attempt.jobId, { kind: 'release', token: attempt.token, reason }, atMs)
  }

  cancel(jobId: number, reason: string, atMs: number): Applied {
    return this.apply(jobId, { kind: 'cancel', reason }, atMs)
  }

  cancelQueued(reason: string, atMs: number): void {
    for (const job of [...this.jobs.values()].filter(isQueued)) this.cancel(job.id, reason, atMs)
  }

  cancelAll(reason: string, atMs: number): void {
    for (const id of [...this.jobs.keys()]) this.cancel(id, reason, atMs)
  }

  /** Ends what waits for a larger device than there is. @param largestBytes memory of the largest; undefined = not known of any */
  giveUpLarger(largestBytes: number | undefined, atMs: number): void {
    for (const { id, state, outgrown } of [...this.jobs.values()]) {
      const isHopeless = state.kind === 'queued' && outgrown !== null && !isLarger(largestBytes, outgrown.memoryBytes)
      if (isHopeless) this.apply(id, { kind: 'give_up_larger' }, atMs)
    }
  }

  /** Lets leases and limits run out. */
  tick(atMs: number): void {
    if (atMs < this.dueMs) return
    this.dueMs = Infinity
    for (const id of [...this.jobs.keys()]) {
      this.apply(id, { kind: 'tick' }, atMs)
      const job = this.jobs.get(id)
      if (job) this.dueMs = Math.min(this.dueMs, dueMs(job))
    }
  }

  /** When tick has to be called next, at the latest. */
  nextDueMs(): number {
    return this.dueMs
  }

  /** When the next job that waits for a retry becomes ready, also for the worker that failed it; later than `atMs`. */
  nextReadyMs(atMs: number): number {
    this.promote(atMs)
    const endOfAvoidance = (job: Job<Queued>): number => job.state.notBeforeMs + this.policy.avoidanceMs
    for (let next = this.avoided.peek(); next && (endOfAvoidance(next) <= atMs || this.jobs.get(next.id) !== next); next = this.avoided.peek()) {
      this.avoided.pop()
    }
    const avoided = this.avoided.peek()
    return Math.min(this.delayed.peek()?.state.notBeforeMs ?? Infinity, avoided ? endOfAvoidance(avoided) : Infinity)
  }

  /** Leases lose nothing by a time in which nobody could renew them, because this process stood still. */
  prolongLeases(byMs: number): void {
    for (const job of this.held()) {
      this.drop(job)
      this.put({ ...job, state: { ...job.state, expiresAtMs: job.state.expiresAtMs + byMs } })
    }
  }

  private apply(jobId: number, event: JobEvent, atMs: number): Applied {
    const job = this.jobs.get(jobId)
    if (!job) return 'unknown'
    const change = transition(job, event, atMs, this.policy)
    if (change.kind === 'refused') return change.why
    if (change.kind === 'unchanged') return 'unchanged'
    this.drop(job)
    this.put(change.job)
    this.observe(change.job, change.ended, job)
    return 'moved'
  }

  private put(job: Job): void {
    if (job.state.kind === 'done') return
    this.jobs.set(job.id, job)
    this.counts[job.state.kind]++
    this.dueMs = Math.min(this.dueMs, dueMs(job))
    if (isHeld(job)) this.byHolder.set(holderKey(job.state), job.id)
    if (isQueued(job)) this.delayed.push(job)
  }

  private drop(job: Job): void {
    this.jobs.delete(job.id)
    this.counts[job.state.kind]--
    if (isHeld(job) && this.byHolder.get(holderKey(job.state)) === job.id) this.byHolder.delete(holderKey(job.state))
  }

  private promote(atMs: number): void {
    for (let next = this.delayed.peek(); next && next.state.notBeforeMs <= atMs; next = this.delayed.peek()) {
      this.delayed.pop()
      if (this.jobs.get(next.id) !== next) continue
      this.makeReady(next)
      if (next.state.avoid !== null) this.avoided.push(next)
    }
  }

  private makeReady(job: Job<Queued>): void {
    this.readyQueueOf(job).push({ id: job.id, length: this.lengthOf(job) })
  }

  private readyQueueOf({ outgrown }: Job): TinyQueue<Ready> {
    return outgrown === null ? this.ready : this.readyForLarger
  }

  /** The first in the queue that satisfies the condition, of a number of them. */
  private take(ready: TinyQueue<Ready>, isFor: (job: Job<Queued>) => boolean, atMs: number): Job<Queued> | null {
    const passedOver: Ready[] = []
    let found: Job<Queued> | null = null
    while (found === null && ready.length > 0 && passedOver.length < avoidanceDepth) {
      const next = ready.pop() as Ready
      const job = this.jobs.get(next.id)
      if (!job || !isQueued(job) || job.state.notBeforeMs > atMs || this.readyQueueOf(job) !== ready) continue
      if (isFor(job)) found = job
      else passedOver.push(next)
    }
    for (const next of passedOver) ready.push(next)
    return found
  }
}

function holderKey({ workerId, slot }: Holder): string {
  return `${workerId}/${slot}`
}

/** When a limit of the job is due. */
function dueMs({ state }: Job): number {
  if (state.kind === 'done') return Infinity
  const deadline = state.deadlineMs ?? Infinity
  return state.kind === 'queued' ? deadline : Math.min(deadline, state.expiresAtMs)
}
