import type { FailureReason, Outcome } from '../../shared/training/outcome.js'
import { isHeld, type Job, type JobState, type OutgrownDevice } from '../jobs/job.js'

/** A row of `jobs`, with the encoding of its candidate where it is read. */
export interface JobRow {
  readonly id: number
  readonly candidate: number
  readonly state: JobState['kind']
  readonly reason: string
  readonly created_at_ms: number
  readonly since_ms: number
  readonly not_before_ms: number | null
  readonly deadline_ms: number | null
  readonly attempt: number
  readonly failures: number
  readonly kills: number
  /** OutgrownDevice as JSON. */
  readonly outgrown: string | null
  /** Who holds it; of a queued job, the silent holder. */
  readonly worker_id: string | null
  readonly slot: number | null
  readonly attempt_since_ms: number | null
  readonly avoid: string | null
  readonly cancelling: string | null
  readonly outcome: Outcome['kind'] | null
  readonly failure_reason: FailureReason | null
}

export const jobColumns = [
  'id',
  'candidate',
  'state',
  'reason',
  'created_at_ms',
  'since_ms',
  'not_before_ms',
  'deadline_ms',
  'attempt',
  'failures',
  'kills',
  'outgrown',
  'worker_id',
  'slot',
  'attempt_since_ms',
  'avoid',
  'cancelling',
  'outcome',
  'failure_reason',
] as const satisfies (keyof JobRow)[]

export function jobValues(job: Job): (string | number | null)[] {
  const row = rowOf(job)
  return jobColumns.map((column) => row[column])
}

function rowOf(job: Job): JobRow {
  const { state } = job
  const queued = state.kind === 'queued' ? state : null
  const held = isHeld(job) ? job.state : null
  const holder = held ?? queued?.silentHolder ?? null
  return {
    id: job.id,
    candidate: job.candidate,
    state: state.kind,
    reason: state.kind === 'done' ? ('message' in state.outcome ? state.outcome.message : '') : state.reason,
    created_at_ms: job.createdAtMs,
    since_ms: state.kind === 'done' ? state.atMs : state.sinceMs,
    not_before_ms: queued?.notBeforeMs ?? null,
    deadline_ms: state.kind === 'done' ? null : state.deadlineMs,
    attempt: job.attempt,
    failures: job.failures,
    kills: job.kills,
    outgrown: job.outgrown === null ? null : JSON.stringify(job.outgrown),
    worker_id: holder?.workerId ?? null,
    slot: holder?.slot ?? null,
    attempt_since_ms: holder?.sinceMs ?? null,
    avoid: queued?.avoid ?? null,
    cancelling: held?.cancelling ?? null,
    outcome: state.kind === 'done' ? state.outcome.kind : null,
    failure_reason: state.kind === 'done' && state.outcome.kind === 'failed' ? state.outcome.reason : null,
  }
}

/** A job that has not ended; leases are not stored, so a held one gets the given lease. */
export function openJobOf(row: JobRow & { readonly encoding: string }, leaseExpiresAtMs: number): Job {
  const { id, candidate, encoding, attempt, failures, kills } = row
  return { id, candidate, encoding, createdAtMs: row.created_at_ms, attempt, failures, kills, outgrown: outgrownOf(row), state: openStateOf(row, leaseExpiresAtMs) }
}

function openStateOf(row: JobRow, expiresAtMs: number): JobState {
  const { reason, deadline_ms: deadlineMs, since_ms: sinceMs } = row
  const holder = row.worker_id === null ? null : { workerId: row.worker_id, slot: row.slot ?? 0, sinceMs: row.attempt_since_ms ?? sinceMs }
  if (row.state === 'queued') {
    return { kind: 'queued', sinceMs, notBeforeMs: row.not_before_ms ?? sinceMs, deadlineMs, reason, avoid: row.avoid, silentHolder: holder }
  }
  if (row.state === 'done' || holder === null) throw new TypeError(`job ${row.id} is not an open one`)
  return { kind: row.state, ...holder, expiresAtMs, deadlineMs, reason, cancelling: row.cancelling }
}

export function outgrownOf({ outgrown }: Pick<JobRow, 'outgrown'>): OutgrownDevice | null {
  return outgrown === null ? null : (JSON.parse(outgrown) as OutgrownDevice)
}

export function isHeldState(state: JobState['kind']): boolean {
  return state === 'leased' || state === 'running'
}
