import type { Database } from 'libsql'
import type { Candidate } from '../../shared/cluster/candidate.js'
import { candidateOf, type CandidateRow } from './candidate-row.js'
import { outcomeColumns } from './outcome-row.js'

/**
 * All results in the order they were told: the latest of each candidate, and those of lower rungs before it. Two sorted sequences are
 * merged, so that a long history needs neither memory nor a sort.
 */
export function* readTold(database: Database): Iterable<Candidate> {
  const latest = rows(database, 'SELECT * FROM candidates WHERE told_sequence IS NOT NULL ORDER BY told_sequence')
  const earlier = rows(
    database,
    `SELECT c.sequence, c.encoding, c.operator, c.parents, c.phase, c.params, c.macs, c.activations, c.status, r.rung, r.told_sequence,
       ${outcomeColumns.map((column) => `r.${column}`).join(', ')}
     FROM rung_results r JOIN candidates c ON c.sequence = r.candidate ORDER BY r.told_sequence`,
  )
  let [a, b] = [latest.next(), earlier.next()]
  while (a.done !== true || b.done !== true) {
    const isLatest = b.done === true || (a.done !== true && order(a.value) < order(b.value))
    yield candidateOf((isLatest ? a.value : b.value) as CandidateRow)
    if (isLatest) a = latest.next()
    else b = earlier.next()
  }
}

function rows(database: Database, sql: string): Iterator<CandidateRow, undefined> {
  return database.prepare(sql).iterate() as Iterator<CandidateRow, undefined>
}

const order = ({ told_sequence }: CandidateRow): number => told_sequence ?? 0
