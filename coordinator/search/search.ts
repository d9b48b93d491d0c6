import type { RngState } from '../../shared/rng.js'
import type { PhaseName } from './phases/phase.js'
import type { SurrogateFit, SurrogateFitTask } from './surrogate/surrogate.js'

/** A candidate that the search wants evaluated. `key` is its identity: equal keys are the same network. */
export interface Proposal {
  readonly key: string
  /** How it came to be: `sample`, a mutation's name, `crossover`. */
  readonly operator: string
  /** Keys it was made from. */
  readonly parents: readonly string[]
  /** Phase of a search in phases; absent of networks that a search was told to begin with. */
  readonly phase?: PhaseName
}

/** What an evaluation measured, by objective name; null = it ended without a measurement (diverged, out of memory, timed out). */
export interface Observation {
  readonly key: string
  readonly objectives: Readonly<Record<string, number>> | null
  /**
   * Share of a whole training that was spent on it, above 0, at most 1; absent = 1. A key may be told again with a higher one, which
   * then replaces what was known.
   */
  readonly fidelity?: number
  /** Of the device that measured it; times of different ones are never taken for each other's. */
  readonly deviceClass?: string
}

/** Everything beyond the history that a search needs to continue exactly: plain JSON of bounded size. */
export interface SearchState {
  readonly rng: RngState
  readonly [field: string]: unknown
}

/**
 * Ask/tell optimiser without generations: ask whenever a slot is free, tell whenever a result arrives.
 * Deterministic: the same sequence of ask and tell calls from the same state gives the same proposals.
 */
export interface Search {
  /** Up to `count` proposals, each new (never asked before in this search); fewer only when the space is exhausted. They count as in flight until told or withdrawn. */
  ask(count: number): Proposal[]
  /** Results, in the order they became known. */
  tell(observations: readonly Observation[]): void
  /** Take proposals back that will never be evaluated (cancelled). */
  withdraw(keys: readonly string[]): void
  state(): SearchState
  /** Of a search that a model assists and whose fits are done elsewhere: what the next fit needs, when one is due; null otherwise. */
  fitDue?(): SurrogateFitTask | null
  /** Puts a fit in force, from the next ask on. */
  applyFit?(fit: SurrogateFit): void
}

/** What a store keeps of a search, enough to rebuild it: state + results in the order told + proposals in flight. */
export interface SearchHistory {
  readonly state: SearchState
  readonly observations: readonly Observation[]
  readonly pending: readonly Proposal[]
}
