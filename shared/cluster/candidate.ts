import type { PhaseName } from '../config/search-config.js'
import type { Outcome } from '../training/outcome.js'

/** `pending`: its job is queued or running. `told`: the search knows its outcome. `withdrawn`: it will never be evaluated. */
export type CandidateStatus = 'pending' | 'told' | 'withdrawn'

/** A candidate of a search, as it is kept. */
export interface Candidate {
  /** Order of proposal, from 1. */
  readonly sequence: number
  /** Canonical encoding; unique in a search. */
  readonly encoding: string
  readonly status: CandidateStatus
  /** How it came to be: `sample`, a mutation's name, `crossover`. */
  readonly operator: string
  readonly parents: readonly string[]
  /** Phase of its search that proposed it; absent in a search without phases. */
  readonly phase?: PhaseName
  readonly params: number
  readonly macs: number
  readonly activations: number
  /** null while pending. */
  readonly outcome: Outcome | null
  /** Rung that the outcome is of, from 0; 0 in a search without rungs. */
  readonly rung: number
  /** Order in which the search learned of results, from 1; null unless told. */
  readonly toldSequence: number | null
}
