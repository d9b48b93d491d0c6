import { formatDuration } from '../../shared/config/duration.js'
import { formatGibibytes } from '../../shared/gibibytes.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { isHeld, isQueued, type Done, type HeldJob, type Holder, type Job, type JobState, type Leased, type Queued, type Running, type SilentHolder } from './job.js'
import { failureOf } from './failure.js'
import { attemptDeadlineMs, isOverdue, queueDeadlineMs, retryDelayMs, type JobPolicy } from './policy.js'

/** What can happen to a job. Events of a holder carry its token; without the current one they are refused. */
export type JobEvent =
  | ({ readonly kind: 'lease' } & Holder)
  /** The holder says that it still works on it. */
  | ({ readonly kind: 'renew'; readonly token: number } & Holder)
  | Completion
  /** The holder hands it back unfinished, which is nobody's fault. */
  | { readonly kind: 'release'; readonly token: number; readonly reason: string }
  | { readonly kind: 'cancel'; readonly reason: string }
  /** There is no larger device any more for what has outgrown the one that it was tried on. */
  | { readonly kind: 'give_up_larger' }
  /** Time has passed: limits are looked at. */
  | { readonly kind: 'tick' }

interface Completion {
  readonly kind: 'complete'
  readonly token: number
  readonly outcome: Outcome
  /** Memory of the device that it ran on, where some worker has a larger one; null = none has. */
  readonly outgrownBytes: number | null
}

/** How an attempt ended, for the job's history. */
export interface EndedAttempt extends Holder {
  readonly token: number
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly outcome: Outcome
}

export type Transition =
  | { readonly kind: 'moved'; readonly job: Job; readonly ended: EndedAttempt | null }
  /** Nothing to do: it happened before, or is not due. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly why: Refusal }

/** `stale`: a newer attempt exists, or the job has ended. `taken`: somebody holds it. `early`: it waits for a retry. */
export type Refusal = 'stale' | 'taken' | 'early'

type Failure = Extract<Outcome, { kind: 'failed' }>

const unchanged: Transition = { kind: 'unchanged' }
const refused = (why: Refusal): Transition => ({ kind: 'refused', why })

/** The only way a job changes. */
export function transition(job: Job, event: JobEvent, atMs: number, policy: JobPolicy): Transition {
  switch (event.kind) {
    case 'lease':
      return isQueued(job) ? lease(job, event, atMs, policy) : refused(isHeld(job) ? 'taken' : 'stale')
    case 'renew':
      return renew(job, event, atMs, policy)
    case 'complete':
      return complete(job, event, atMs, policy)
    case 'release':
      return release(job, event.token, event.reason, atMs, policy)
    case 'cancel':
      return cancel(job, event.reason, atMs)
    case 'give_up_larger':
      return isQueued(job) && job.outgrown !== null ? done(job, job.outgrown.outcome, atMs, null) : unchanged
    case 'tick':
      return tick(job, atMs, policy)
  }
}

function lease(job: Job<Queued>, holder: Holder, atMs: number, policy: JobPolicy): Transition {
  if (atMs < job.state.notBeforeMs) return refused('early')
  const state: Leased = { kind: 'leased', ...held(job, holder, atMs, policy), reason: 'handed out, not yet confirmed by the worker' }
  return moved({ ...job, attempt: job.attempt + 1, state })
}

function held(job: Job, { workerId, slot }: Holder, atMs: number, policy: JobPolicy): Omit<Running, 'kind' | 'reason'> {
  return {
    workerId,
    slot,
    sinceMs: atMs,
    expiresAtMs: atMs + policy.leaseTtlMs,
    deadlineMs: attemptDeadlineMs(job.createdAtMs, atMs, policy),
    cancelling: null,
  }
}

function renew(job: Job, event: { token: number } & Holder, atMs: number, policy: JobPolicy): Transition {
  if (event.token !== job.attempt) return refused('stale')
  if (isHeld(job)) {
    if (!sameHolder(job.state, event)) return refused('stale')
    return moved({ ...job, state: { ...job.state, kind: 'running', expiresAtMs: atMs + policy.leaseTtlMs, reason: 'training' } })
  }
  if (!isQueued(job) || job.state.silentHolder === null || !sameHolder(job.state.silentHolder, event)) return refused('stale')
  // Its lease ran out while it was cut off, but nobody has begun the job anew: what it has done so far is not thrown away.
  return moved({ ...pardoned(job), state: { kind: 'running', ...held(job, event, atMs, policy), reason: 'training, taken up again after silence' } })
}

function complete(job: Job, event: Completion, atMs: number, policy: JobPolicy): Transition {
  const { token, outcome } = event
  if (token !== job.attempt || token === 0) return refused('stale')
  if (isHeld(job)) return end(job, event, atMs, policy)
  // A repetition of the report that ended the job; anything else would be a second outcome.
  if (!isQueued(job)) return job.state.kind === 'done' && job.state.outcome.kind === outcome.kind ? unchanged : refused('stale')
  // Back in the queue: that the attempt came to nothing is known already, only a true outcome says more.
  if (outcome.kind === 'failed' || outcome.kind === 'cancelled') return unchanged
  const silent = job.state.silentHolder
  if (silent !== null) return conclude(pardoned(job), event, atMs, policy, ended(silent, token, silent.sinceMs, atMs, outcome))
  return job.outgrown !== null && outcome.kind === 'out_of_memory' ? unchanged : refused('stale')
}

/** The worker was not lost after all. */
function pardoned<State extends JobState>(job: Job<State>): Job<State> {
  return { ...job, kills: Math.max(0, job.kills - 1) }
}

/** A reported outcome of the current attempt. */
function end(job: HeldJob, event: Completion, atMs: number, policy: JobPolicy): Transition {
  const { outcome } = event
  const record = endedNow(job, outcome, atMs)
  if (outcome.kind === 'failed') return fail(job, outcome, atMs, policy, null)
  if (outcome.kind !== 'cancelled') return conclude(job, event, atMs, policy, record)
  if (job.state.cancelling !== null) return done(job, outcome, atMs, record)
  return requeue(job, { reason: `handed back: ${outcome.message}`, delayMs: 0, avoid: null, silentHolder: null }, atMs, policy, record)
}

/** A result, which is the job's, unless a larger device may give it another: that is tried once. */
function conclude(job: Job, { outcome, outgrownBytes }: Completion, atMs: number, policy: JobPolicy, record: EndedAttempt): Transition {
  const isCancelling = isHeld(job) && job.state.cancelling !== null
  if (outcome.kind !== 'out_of_memory' || outgrownBytes === null || job.outgrown !== null || isCancelling) return done(job, outcome, atMs, record)
  const reason = `to be tried on a device with more than ${formatGibibytes(outgrownBytes)}: ${outcome.message}`
  return requeue({ ...job, outgrown: { memoryBytes: outgrownBytes, outcome } }, { reason, delayMs: 0, avoid: null, silentHolder: null }, atMs, policy, record)
}

function release(job: Job, token: number, reason: string, atMs: number, policy: JobPolicy): Transition {
  if (token !== job.attempt || token === 0) return refused('stale')
  if (!isHeld(job)) return unchanged
  const outcome: Outcome = { kind: 'failed', reason: 'preempted', message: reason }
  const record = endedNow(job, outcome, atMs)
  if (job.state.cancelling !== null) return done(job, { kind: 'cancelled', message: job.state.cancelling }, atMs, record)
  return requeue(job, { reason: `handed back: ${reason}`, delayMs: 0, avoid: null, silentHolder: null }, atMs, policy, record)
}

function cancel(job: Job, reason: string, atMs: number): Transition {
  if (isQueued(job)) return done(job, { kind: 'cancelled', message: reason }, atMs, null)
  if (!isHeld(job) || job.state.cancelling !== null) return unchanged
  return moved({ ...job, state: { ...job.state, cancelling: reason, reason: `being cancelled: ${reason}` } })
}

function tick(job: Job, atMs: number, policy: JobPolicy): Transition {
  if (isHeld(job)) {
    if (atMs >= job.state.expiresAtMs) return expire(job, atMs, policy)
    if (job.state.deadlineMs === null || atMs < job.state.deadlineMs) return unchanged
    if (isOverdue(job.createdAtMs, atMs, policy)) return done(job, overdue(job, policy), atMs, endedNow(job, overdue(job, policy), atMs))
    const message = `the attempt went over its limit of ${formatDuration(policy.attemptLimitMs ?? 0)}`
    return fail(job, { kind: 'failed', reason: 'attempt_limit', message }, atMs, policy, null)
  }
  if (!isQueued(job) || job.state.deadlineMs === null || atMs < job.state.deadlineMs) return unchanged
  if (isOverdue(job.createdAtMs, atMs, policy)) return done(job, overdue(job, policy), atMs, null)
  const message = `nobody took it within its limit of ${formatDuration(policy.queueLimitMs ?? 0)}; it was ${job.state.reason}`
  return done(job, { kind: 'failed', reason: 'queue_limit', message }, atMs, null)
}

function overdue({ state, attempt }: Job, { overallLimitMs }: JobPolicy): Failure {
  const last = state.kind === 'done' ? '' : `; it was ${state.reason}`
  const message = `not done within its limit of ${formatDuration(overallLimitMs ?? 0)}, ${attempt} attempts and all waits together${last}`
  return { kind: 'failed', reason: 'overall_limit', message }
}

function expire(job: HeldJob, atMs: number, policy: JobPolicy): Transition {
  const { workerId, slot, sinceMs, cancelling } = job.state
  const message = `no word from worker ${workerId} for ${policy.leaseTtlMs} ms`
  const outcome: Failure = { kind: 'failed', reason: 'worker_lost', message }
  if (cancelling !== null) return done(job, { kind: 'cancelled', message: cancelling }, atMs, endedNow(job, outcome, atMs))
  return fail(job, outcome, atMs, policy, { workerId, slot, sinceMs })
}

/** An attempt failed: the job goes back to the queue, unless it has had enough of that. */
function fail(job: HeldJob, failure: Failure, atMs: number, policy: JobPolicy, silentHolder: SilentHolder | null): Transition {
  const record = endedNow(job, failure, atMs)
  const { counts, kills } = failureOf(failure.reason)
  const failed = { ...job, failures: job.failures + (counts ? 1 : 0), kills: job.kills + (kills ? 1 : 0) }
  const end = lastFailure(failed, failure, atMs, policy)
  if (end !== null) return done(failed, end, atMs, record)
  const back = { reason: `to be retried: ${failure.message}`, delayMs: retryDelayMs(policy, job.attempt), avoid: job.state.workerId, silentHolder }
  return requeue(failed, back, atMs, policy, record)
}

/** Why a job is not retried any more; null = it is. */
function lastFailure(job: Job, failure: Failure, atMs: number, policy: JobPolicy): Failure | null {
  const { failures, kills } = job
  if (kills >= policy.maximumKills) {
    return { ...failure, reason: 'quarantined', message: `quarantined: in ${kills} attempts the worker was lost or the trainer crashed; at last: ${failure.message}` }
  }
  if (failures >= policy.maximumFailures) return { ...failure, message: `given up after ${failures} failures; at last: ${failure.message}` }
  return isOverdue(job.createdAtMs, atMs, policy) ? overdue(job, policy) : null
}

interface WayBack {
  readonly reason: string
  readonly delayMs: number
  readonly avoid: string | null
  readonly silentHolder: SilentHolder | null
}

function requeue(job: Job, back: WayBack, atMs: number, policy: JobPolicy, record: EndedAttempt): Transition {
  const state: Queued = {
    kind: 'queued',
    sinceMs: atMs,
    notBeforeMs: atMs + back.delayMs,
    deadlineMs: queueDeadlineMs(job.createdAtMs, atMs, policy),
    reason: back.reason,
    avoid: back.avoid,
    silentHolder: back.silentHolder,
  }
  return moved({ ...job, state }, record)
}

/** What comes to nothing on a larger device leaves the job with the result that it has. */
function done(job: Job, outcome: Outcome, atMs: number, record: EndedAttempt | null): Transition {
  const isNothing = outcome.kind === 'failed' || outcome.kind === 'cancelled'
  const state: Done = { kind: 'done', atMs, outcome: isNothing && job.outgrown !== null ? job.outgrown.outcome : outcome }
  return moved({ ...job, state }, record)
}

function endedNow(job: HeldJob, outcome: Outcome, atMs: number): EndedAttempt {
  return ended(job.state, job.attempt, job.state.sinceMs, atMs, outcome)
}

function ended({ workerId, slot }: Holder, token: number, startedAtMs: number, endedAtMs: number, outcome: Outcome): EndedAttempt {
  return { workerId, slot, token, startedAtMs, endedAtMs, outcome }
}

function moved(job: Job, record: EndedAttempt | null = null): Transition {
  return { kind: 'moved', job, ended: record }
}

function sameHolder(a: Holder, b: Holder): boolean {
  return a.workerId === b.workerId && a.slot === b.slot
}
