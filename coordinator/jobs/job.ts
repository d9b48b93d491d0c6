import type { Outcome } from '../../shared/training/outcome.js'
import { queueDeadlineMs, type JobPolicy } from './policy.js'

/** The slot of a worker that a job is leased to. */
export interface Holder {
  readonly workerId: string
  readonly slot: number
}

/** A holder whose lease ran out without a word. */
export interface SilentHolder extends Holder {
  /** When its attempt was handed out. */
  readonly sinceMs: number
}

/** Waits for a slot. */
export interface Queued {
  readonly kind: 'queued'
  readonly sinceMs: number
  /** Not handed out before; > sinceMs after a failure. */
  readonly notBeforeMs: number
  /** Ends as failed when nobody has taken it by then; null = waits for ever. */
  readonly deadlineMs: number | null
  /** Why it waits, for people. */
  readonly reason: string
  /** Failed this job last; another worker is preferred for a while. */
  readonly avoid: string | null
  /** Nobody else has the job yet, so it may still take it up again or deliver its outcome; null after every other way into the queue. */
  readonly silentHolder: SilentHolder | null
}

interface Held extends Holder {
  /** When this attempt was handed out. */
  readonly sinceMs: number
  /** The lease; each heartbeat prolongs it. */
  readonly expiresAtMs: number
  /** Limit of the attempt; null = none. */
  readonly deadlineMs: number | null
  readonly reason: string
  /** Why the worker has been asked to end it; null = it has not. */
  readonly cancelling: string | null
}

/** Handed out; the worker has not confirmed it yet. */
export interface Leased extends Held {
  readonly kind: 'leased'
}

/** The worker has named it in a heartbeat or reported progress. */
export interface Running extends Held {
  readonly kind: 'running'
}

/** Final. */
export interface Done {
  readonly kind: 'done'
  readonly atMs: number
  readonly outcome: Outcome
}

export type JobState = Queued | Leased | Running | Done

/** A device whose memory was too small for a job that is to be tried on a larger one. */
export interface OutgrownDevice {
  readonly memoryBytes: number
  /** The result of the job, unless a larger device gives it another. */
  readonly outcome: Extract<Outcome, { kind: 'out_of_memory' }>
}

/** The evaluation of one candidate: the unit that a worker leases. */
export interface Job<State extends JobState = JobState> {
  /** From 1, in the order they were queued. */
  readonly id: number
  /** Sequence number of its candidate. */
  readonly candidate: number
  readonly encoding: string
  readonly createdAtMs: number
  /** Attempts handed out so far; also the token of the latest, the only one that can count. */
  readonly attempt: number
  /** Attempts that failed in a way that counts against the job's limit; what is the machinery's alone is free. */
  readonly failures: number
  /** Attempts during which the worker was lost or the trainer crashed. */
  readonly kills: number
  /** Only larger devices may have it; null = any may. */
  readonly outgrown: OutgrownDevice | null
  readonly state: State
}

export type HeldJob = Job<Leased | Running>

export function isHeld(job: Job): job is HeldJob {
  return job.state.kind === 'leased' || job.state.kind === 'running'
}

export function isQueued(job: Job): job is Job<Queued> {
  return job.state.kind === 'queued'
}

/** A new job, at the end of the queue. */
export function newJob(identity: Pick<Job, 'id' | 'candidate' | 'encoding'>, atMs: number, policy: JobPolicy): Job<Queued> {
  const state: Queued = {
    kind: 'queued',
    sinceMs: atMs,
    notBeforeMs: atMs,
    deadlineMs: queueDeadlineMs(atMs, atMs, policy),
    reason: 'waiting for a slot',
    avoid: null,
    silentHolder: null,
  }
  return { ...identity, createdAtMs: atMs, attempt: 0, failures: 0, kills: 0, outgrown: null, state }
}
