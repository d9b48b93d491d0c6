import type { Database } from 'libsql'
import type { FailureGroup, JobRecord } from '../../shared/cluster/job-record.js'
import type { FailureReason } from '../../shared/training/outcome.js'
import { isHeldState, outgrownOf, type JobRow } from './job-row.js'
import type { JobPage } from './store.js'

/** Jobs in the order they were queued. Also of a store that another process writes. */
export function readJobs(database: Database, { afterId, limit, failed }: JobPage): JobRecord[] {
  const rows = database
    .prepare(
      `SELECT jobs.*, candidates.encoding FROM jobs JOIN candidates ON candidates.sequence = jobs.candidate
       WHERE jobs.id > ? AND (NOT ? OR jobs.failure_reason IS NOT NULL
         OR EXISTS (SELECT 1 FROM attempts WHERE attempts.job = jobs.id AND attempts.failure_reason IS NOT NULL))
       ORDER BY jobs.id LIMIT ?`,
    )
    .all(afterId, failed ? 1 : 0, limit)
  return (rows as (JobRow & { encoding: string })[]).map(recordOf)
}

function recordOf(row: JobRow & { readonly encoding: string }): JobRecord {
  const { id, candidate, encoding, state, reason, attempt, failures, outcome } = row
  return {
    id,
    candidate,
    encoding,
    state,
    reason,
    createdAtMs: Math.round(row.created_at_ms),
    sinceMs: Math.round(row.since_ms),
    deadlineMs: row.deadline_ms === null ? null : Math.round(row.deadline_ms),
    attempt,
    failures,
    outgrownMemoryBytes: outgrownOf(row)?.memoryBytes ?? null,
    // Of a queued job the row has the silent holder.
    workerId: isHeldState(state) ? row.worker_id : null,
    outcome,
    failureReason: row.failure_reason,
  }
}

interface AttemptGroup {
  readonly reason: FailureReason
  readonly attempts: number
  readonly jobs: number
  readonly workers: number
  readonly latest_ms: number
  readonly message: string
}

interface EndGroup {
  readonly reason: FailureReason
  readonly given_up: number
  readonly latest_ms: number
  readonly message: string
}

/** Failed attempts and given-up jobs by reason, most frequent first. */
export function readFailures(database: Database): FailureGroup[] {
  // Of an aggregate with max(), SQLite takes the other columns from the row that has the maximum.
  const attempts = database
    .prepare(
      `SELECT failure_reason AS reason, count(*) AS attempts, count(DISTINCT job) AS jobs, count(DISTINCT worker_id) AS workers,
         max(ended_at_ms) AS latest_ms, message FROM attempts WHERE failure_reason IS NOT NULL GROUP BY failure_reason`,
    )
    .all() as AttemptGroup[]
  const ends = database
    .prepare(
      `SELECT failure_reason AS reason, count(*) AS given_up, max(since_ms) AS latest_ms, reason AS message
       FROM jobs WHERE failure_reason IS NOT NULL GROUP BY failure_reason`,
    )
    .all() as EndGroup[]
  const reasons = new Set([...attempts, ...ends].map(({ reason }) => reason))
  const groups = [...reasons].map((reason) => groupOf(reason, attempts.find((each) => each.reason === reason), ends.find((each) => each.reason === reason)))
  return groups.sort((a, b) => b.attempts - a.attempts || b.givenUp - a.givenUp)
}

function groupOf(reason: FailureReason, attempts: AttemptGroup | undefined, ends: EndGroup | undefined): FailureGroup {
  const latest = (ends?.latest_ms ?? -1) >= (attempts?.latest_ms ?? -1) ? ends : attempts
  return {
    reason,
    attempts: attempts?.attempts ?? 0,
    jobs: Math.max(attempts?.jobs ?? 0, ends?.given_up ?? 0),
    workers: attempts?.workers ?? 0,
    givenUp: ends?.given_up ?? 0,
    latestMessage: latest?.message ?? '',
    latestAtMs: Math.round(latest?.latest_ms ?? 0),
  }
}
