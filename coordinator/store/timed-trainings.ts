import type { SearchConfig } from '../../shared/config/search-config.js'
import { NotFoundError } from '../../shared/errors.js'
import type { TrainingResult } from '../../shared/training/outcome.js'
import { readingStore } from './search-reader.js'
import { readTold } from './told-results.js'

/** A training that a search has timed. */
export interface StoredTraining {
  readonly encoding: string
  readonly params: number
  readonly rung: number
  readonly result: TrainingResult
  /** From the lease to the result, where the first attempt at the candidate was the one that succeeded; null = it was not, or not the lowest rung's. */
  readonly attemptMs: number | null
}

export interface StoredTrainings {
  readonly config: SearchConfig
  readonly trainings: readonly StoredTraining[]
}

/** @throws NotFoundError when the folder holds no search */
export function readTimedTrainings(directory: string): StoredTrainings {
  return readingStore(directory, (database) => {
    const [search] = database.prepare('SELECT config FROM search').all() as { config: string }[]
    if (search === undefined) throw new NotFoundError(`the search in ${directory} has not begun yet: name one that has trained networks`, { directory })
    const attempts = database
      .prepare(
        `SELECT first.candidate, attempts.ended_at_ms - attempts.started_at_ms AS ms
         FROM (SELECT candidate, min(id) AS job FROM jobs GROUP BY candidate) AS first JOIN attempts ON attempts.job = first.job
         WHERE attempts.token = 1 AND attempts.outcome = 'succeeded'`,
      )
      .all() as { candidate: number; ms: number }[]
    const attemptMs = new Map(attempts.map(({ candidate, ms }) => [candidate, ms]))
    const trainings: StoredTraining[] = []
    for (const { sequence, encoding, params, rung, outcome } of readTold(database)) {
      if (outcome?.kind !== 'succeeded') continue
      trainings.push({ encoding, params, rung, result: outcome.result, attemptMs: rung === 0 ? (attemptMs.get(sequence) ?? null) : null })
    }
    return { config: JSON.parse(search.config) as SearchConfig, trainings }
  })
}
