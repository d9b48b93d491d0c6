import type { Search, SearchHistory, SearchState } from './search.js'
import { type SearchSpecification, restoreSearch } from './search-specification.js'
import type { Fitting } from './surrogate/surrogate-search.js'

/**
 * The state of a search that runs in a thread of its own, as its owner knows it: from when the search made the latest proposals that
 * have arrived. What the search was told since is not in it.
 */
export interface LaggingState extends SearchState {
  /** Results that the state includes: the first so many of the history. Absent = all. */
  readonly told?: number
  /** Withdrawn since. */
  readonly withdrawnSince?: readonly string[]
}

/** The search that a store kept, brought up to date with what happened after its state was taken. */
export function resumeSearch(specification: SearchSpecification, { state, observations, pending }: SearchHistory, fitting?: Fitting): Search {
  const { told = observations.length, withdrawnSince = [] } = state as LaggingState
  const later = observations.slice(told)
  // Whatever ended after the state was taken was in flight then.
  const ended = [...later.map(({ key }) => key), ...withdrawnSince].map((key) => ({ key, operator: 'sample', parents: [] }))
  const search = restoreSearch(specification, { state, observations: observations.slice(0, told), pending: [...pending, ...ended] }, fitting)
  search.tell(later)
  search.withdraw(withdrawnSince)
  return search
}
