import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { SearchStatus } from '../../shared/cluster/search-snapshot.js'
import type { FailureGroup, JobRecord } from '../../shared/cluster/job-record.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { NotFoundError } from '../../shared/errors.js'
import { readFailures, readJobs } from './job-reader.js'
import { candidateOf, type CandidateRow } from './candidate-row.js'
import { storeFileName } from './sqlite-store.js'
import { readTold } from './told-results.js'

/** A search as its store has it at one moment. */
export interface SearchRecord {
  readonly name: string
  /** As it was begun; what its results depend on stays. */
  readonly config: SearchConfig
  readonly status: SearchStatus
  /** Told candidates, in the order they were told. */
  readonly told: readonly Candidate[]
  /** Results of what a block phase proposed, on the lowest rung, in the order they were told. */
  readonly blockPhase: readonly Candidate[]
}

/**
 * Reads a search without taking it over: also while a coordinator works on it.
 * @throws NotFoundError when the folder holds no search
 */
export function readSearchRecord(directory: string): SearchRecord {
  return readingStore(directory, (database) => {
    const [search] = database.prepare('SELECT name, config, status FROM search').all() as { name: string; config: string; status: SearchStatus }[]
    if (search === undefined) throw new NotFoundError(`the search in ${directory} has not begun yet: try again once its coordinator serves`, { directory })
    const told = readLatest(database)
    return { name: search.name, config: configOf(search.config), status: search.status, told, blockPhase: told.some(isOfBlockPhase) ? readBlockPhase(database) : [] }
  })
}

/** The jobs of a search, and its failures by reason, also while a coordinator works on it. @throws NotFoundError */
export function readJobReport(directory: string, failed: boolean): { readonly jobs: JobRecord[]; readonly failures: FailureGroup[] } {
  return readingStore(directory, (database) => ({ jobs: readJobs(database, { afterId: 0, limit: -1, failed }), failures: readFailures(database) }))
}

/** What an earlier search knows, and what can be compared with it. */
export interface SearchEvaluations {
  /** As its user gave it. */
  readonly config: unknown
  /** See evaluationDigest; null = not known. */
  readonly evaluation: string | null
  /** Told candidates with the result of their highest rung, in the order they were told. */
  readonly told: readonly Candidate[]
}

/** Reads the results of a search, also while a coordinator works on it. @throws NotFoundError when the folder holds no search */
export function readEvaluations(directory: string): SearchEvaluations {
  return readingStore(directory, (database) => {
    const [search] = database.prepare('SELECT * FROM search').all() as { config: string; evaluation?: string | null }[]
    if (search === undefined) throw new NotFoundError(`the search in ${directory} has not begun yet`, { directory })
    return { config: JSON.parse(search.config) as unknown, evaluation: search.evaluation ?? null, told: readLatest(database) }
  })
}

function configOf(stored: string): SearchConfig {
  // A search from before there were any has none.
  return { constraints: [], ...(JSON.parse(stored) as Omit<SearchConfig, 'constraints'> & Partial<SearchConfig>) }
}

function readLatest(database: Database.Database): Candidate[] {
  const rows = database.prepare('SELECT * FROM candidates WHERE told_sequence IS NOT NULL ORDER BY told_sequence').all() as CandidateRow[]
  return rows.map(candidateOf)
}

const isOfBlockPhase = ({ phase }: Candidate): boolean => phase === 'block'

function readBlockPhase(database: Database.Database): Candidate[] {
  return [...readTold(database)].filter((candidate) => isOfBlockPhase(candidate) && candidate.rung === 0)
}

/** Reads a store without taking it over: also while a coordinator works on it. @throws NotFoundError when the folder holds none */
export function readingStore<T>(directory: string, read: (database: Database.Database) => T): T {
  const file = join(directory, storeFileName)
  if (!existsSync(file)) throw new NotFoundError(`no search in ${directory}: there is no ${storeFileName}; name the folder given to --output`, { directory })
  const database = new Database(file, { readonly: true })
  try {
    return read(database)
  } finally {
    database.close()
  }
}
