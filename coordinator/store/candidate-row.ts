import type { Candidate, CandidateStatus } from '../../shared/cluster/candidate.js'
import type { PhaseName } from '../../shared/config/search-config.js'
import { outcomeOf, type OutcomeRow } from './outcome-row.js'

/** A row of `candidates`. */
export interface CandidateRow extends OutcomeRow {
  readonly sequence: number
  readonly encoding: string
  readonly operator: string
  readonly parents: string
  /** Absent in a store that no newer program has opened for writing. */
  readonly phase?: PhaseName | null
  readonly params: number
  readonly macs: number
  readonly activations: number
  readonly status: CandidateStatus
  readonly told_sequence: number | null
  readonly rung: number
}

export function candidateOf(row: CandidateRow): Candidate {
  return {
    sequence: row.sequence,
    encoding: row.encoding,
    status: row.status,
    operator: row.operator,
    parents: JSON.parse(row.parents) as string[],
    ...(row.phase && { phase: row.phase }),
    params: row.params,
    macs: row.macs,
    activations: row.activations,
    outcome: outcomeOf(row),
    rung: row.rung,
    toldSequence: row.told_sequence,
  }
}
