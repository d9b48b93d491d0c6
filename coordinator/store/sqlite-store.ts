import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'libsql'
import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { FailureGroup, JobRecord } from '../../shared/cluster/job-record.js'
import { systemClock, type Clock } from '../../shared/clock.js'
import { InvalidInputError, UnavailableError, messageOf } from '../../shared/errors.js'
import type { FailureReason, Outcome } from '../../shared/training/outcome.js'
import type { Job } from '../jobs/job.js'
import type { SearchState } from '../search/search.js'
import type { WarmStart } from '../warm-start/warm-start.js'
import { candidateOf, type CandidateRow } from './candidate-row.js'
import { ChangeWriter } from './change-writer.js'
import { lockDirectory } from './directory-lock.js'
import { GroupCommit, type GroupCommitOptions } from './group-commit.js'
import { readFailures, readJobs } from './job-reader.js'
import { openJobOf, type JobRow } from './job-row.js'
import { LeaderFence } from './leader-fence.js'
import { migrate } from './schema.js'
import { readTold } from './told-results.js'
import type { CandidatePage, JobPage, KnownWorker, NewSearch, SearchProgress, SearchStore, StoreChange, StoredPromotion, StoredSearch, StoreReports } from './store.js'

export const storeFileName = 'search.db'

export interface SqliteStoreOptions {
  readonly clock?: Clock
  readonly observeCommit?: GroupCommitOptions<StoreChange>['observe']
  /**
   * Where coordinators elect a leader: the epoch of this one. Every write checks that no newer leader has written, so a leader
   * that was stopped and wakes changes nothing. undefined = there are no elections; a lock keeps every second coordinator out.
   */
  readonly leaderEpoch?: number | undefined
}

interface SearchRow {
  readonly search_id: string
  readonly name: string
  readonly config: string
  readonly status: StoredSearch['status']
  readonly status_reason: string
  readonly ending: StoredSearch['ending']
  readonly created_at_ms: number
  readonly elapsed_ms: number
  readonly generator_state: string
  readonly evaluation: string | null
  readonly warm_start: string | null
}

/**
 * SQLite file `search.db` in the search's folder: rows, so that any SQLite tool can query a search, also a running one.
 * @throws UnavailableError when another coordinator has the folder, or its disk is full; StaleTokenError when a later leader has been there;
 * InvalidInputError for a file of a newer program
 */
export function openSqliteStore(directory: string, options: SqliteStoreOptions = {}): SearchStore & StoreReports {
  mkdirSync(directory, { recursive: true })
  let lock: ReturnType<typeof lockDirectory> | null = null
  try {
    lock = lockDirectory(directory, options.leaderEpoch === undefined ? 'alone' : 'with others')
    return new SqliteStore(join(directory, storeFileName), lock, options)
  } catch (error) {
    lock?.release()
    throw whyClosed(error, directory)
  }
}

/** Gives what SQLite says when a store cannot be opened a type, a place and an advice. */
function whyClosed(error: unknown, directory: string): unknown {
  const why = messageOf(error)
  // Only a process that was stopped in the middle of a transaction holds it for longer than the timeout.
  if (/database is locked|SQLITE_BUSY/i.test(why)) return new UnavailableError(`the store in ${directory} is locked by another process that writes`, { directory }, { cause: error })
  if (/disk is full|disk I\/O error/i.test(why)) return new UnavailableError(`the store in ${directory} cannot be written (${why}): free its disk, then start again`, { directory }, { cause: error })
  return error
}

class SqliteStore implements SearchStore, StoreReports {
  private readonly database: Database.Database
  private readonly writer: ChangeWriter
  private readonly commits: GroupCommit<StoreChange>
  private readonly fence: LeaderFence
  private progress: (() => SearchProgress) | null = null

  constructor(
    file: string,
    private readonly lock: { release(): void },
    { clock = systemClock, observeCommit, leaderEpoch }: SqliteStoreOptions,
  ) {
    this.database = new Database(file)
    // Waiting stops the event loop: whoever leads must be back in time to renew its lease.
    this.database.pragma(`busy_timeout = ${leaderEpoch === undefined ? 5_000 : 1_000}`)
    this.database.pragma('journal_mode = WAL')
    // FULL syncs the log at each commit: what was answered for is on the disk even if the machine loses its power.
    this.database.pragma('synchronous = FULL')
    // The log is taken into the database every 16 MiB: less often than by default, since busy commits write a megabyte each.
    this.database.pragma('wal_autocheckpoint = 4096')
    try {
      migrate(this.database, file)
      this.fence = new LeaderFence(this.database, leaderEpoch ?? null)
    } catch (error) {
      this.database.close()
      throw error
    }
    this.writer = new ChangeWriter(this.database)
    this.commits = new GroupCommit({ write: (changes) => this.write(changes), clock, ...(observeCommit ? { observe: observeCommit } : {}) })
  }

  search(): StoredSearch | null {
    const row = this.database.prepare('SELECT * FROM search').get() as SearchRow | undefined
    if (row === undefined) return null
    return {
      id: row.search_id,
      name: row.name,
      config: JSON.parse(row.config) as unknown,
      status: row.status,
      statusReason: row.status_reason,
      ending: row.ending,
      createdAtMs: row.created_at_ms,
      evaluation: row.evaluation,
      warmStart: row.warm_start === null ? null : (JSON.parse(row.warm_start) as WarmStart),
      elapsedMs: row.elapsed_ms,
      state: JSON.parse(row.generator_state) as SearchState,
      lastCandidate: this.count('SELECT coalesce(max(sequence), 0) AS n FROM candidates'),
      lastJobId: this.count('SELECT coalesce(max(id), 0) AS n FROM jobs'),
      lastTold: Math.max(
        this.count('SELECT coalesce(max(told_sequence), 0) AS n FROM candidates'),
        this.count('SELECT coalesce(max(told_sequence), 0) AS n FROM rung_results'),
      ),
      lostAttempts: this.lostAttempts(),
    }
  }

  create(search: NewSearch): void {
    try {
      this.insertSearch(search)
    } catch (error) {
      throw whyClosed(error, dirname(this.database.name))
    }
  }

  private insertSearch({ id, name, config, createdAtMs, state, evaluation, warmStart }: NewSearch): void {
    this.transaction(() => {
      if (this.search() !== null) throw new InvalidInputError(`there is a search already in ${this.database.name}`)
      this.database
        .prepare(
          `INSERT INTO search (id, search_id, name, config, status, status_reason, created_at_ms, status_at_ms, elapsed_ms, generator_state, evaluation, warm_start)
           VALUES (1, ?, ?, ?, 'running', '', ?, ?, 0, ?, ?, ?)`,
        )
        .run(id, name, JSON.stringify(config), createdAtMs, createdAtMs, JSON.stringify(state), evaluation, warmStart && JSON.stringify(warmStart))
    })
  }

  follow(progress: () => SearchProgress): void {
    this.progress = progress
  }

  record(change: StoreChange): void {
    this.commits.record(change)
  }

  recordLazily(change: StoreChange): void {
    this.commits.recordLazily(change)
  }

  committed(): Promise<void> {
    return this.commits.committed()
  }

  told(): Iterable<Candidate> {
    return readTold(this.database)
  }

  pending(): Candidate[] {
    const rows = this.database.prepare("SELECT * FROM candidates WHERE status = 'pending' ORDER BY sequence").all()
    return (rows as CandidateRow[]).map(candidateOf)
  }

  climbing(): Candidate[] {
    const rows = this.database
      .prepare(`SELECT * FROM candidates WHERE status = 'told' AND sequence IN (SELECT candidate FROM jobs WHERE state <> 'done') ORDER BY sequence`)
      .all()
    return (rows as CandidateRow[]).map(candidateOf)
  }

  promotions(): StoredPromotion[] {
    return this.database.prepare('SELECT sequence, promoted_to AS rung FROM candidates WHERE promoted_to > 0 ORDER BY sequence').all() as StoredPromotion[]
  }

  openJobs(leaseExpiresAtMs: number): Job[] {
    const rows = this.database
      .prepare(
        `SELECT jobs.*, candidates.encoding FROM jobs JOIN candidates ON candidates.sequence = jobs.candidate
         WHERE jobs.state <> 'done' ORDER BY jobs.id`,
      )
      .all()
    return (rows as (JobRow & { encoding: string })[]).map((row) => openJobOf(row, leaseExpiresAtMs))
  }

  outcomeOf({ jobId, token }: AttemptReference): Outcome['kind'] | null {
    const isIt = (change: StoreChange): boolean => change.kind === 'attempt_ended' && change.jobId === jobId && change.ended.token === token
    const recorded = this.commits.uncommitted.findLast(isIt)
    if (recorded?.kind === 'attempt_ended') return recorded.ended.outcome.kind
    const row = this.database.prepare('SELECT outcome FROM attempts WHERE job = ? AND token = ?').get(jobId, token)
    return (row as { outcome: Outcome['kind'] } | undefined)?.outcome ?? null
  }

  candidates({ afterSequence, limit, status }: CandidatePage): Candidate[] {
    const rows = this.database
      .prepare('SELECT * FROM candidates WHERE sequence > ? AND (? IS NULL OR status = ?) ORDER BY sequence LIMIT ?')
      .all(afterSequence, status, status, limit)
    return (rows as CandidateRow[]).map(candidateOf)
  }

  workers(): KnownWorker[] {
    const rows = this.database.prepare('SELECT worker_id, name, cordoned FROM workers ORDER BY name').all()
    return (rows as { worker_id: string; name: string; cordoned: string | null }[]).map(({ worker_id: workerId, name, cordoned }) => ({ workerId, name, cordoned }))
  }

  jobs(page: JobPage): JobRecord[] {
    return readJobs(this.database, page)
  }

  failures(): FailureGroup[] {
    return readFailures(this.database)
  }

  close(): void {
    if (!this.database.open) return
    try {
      this.commits.flush()
    } finally {
      this.database.close()
      this.lock.release()
    }
  }

  private write(changes: readonly StoreChange[]): void {
    this.transaction(() => this.writer.write(changes, this.progress?.() ?? null))
  }

  /** The only way to write: a leader that has been followed by another one is refused inside the transaction itself. */
  private transaction(write: () => void): void {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      this.fence.check()
      write()
      this.database.exec('COMMIT')
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  private count(sql: string): number {
    return (this.database.prepare(sql).get() as { n: number }).n
  }

  private lostAttempts(): Partial<Record<FailureReason, number>> {
    const rows = this.database
      .prepare('SELECT failure_reason AS reason, count(*) AS n FROM attempts WHERE failure_reason IS NOT NULL GROUP BY failure_reason')
      .all()
    return Object.fromEntries((rows as { reason: FailureReason; n: number }[]).map(({ reason, n }) => [reason, n]))
  }
}
