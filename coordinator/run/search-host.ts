import type { Observation, Proposal, Search, SearchHistory, SearchState } from '../search/search.js'
import type { SearchSpecification } from '../search/search-specification.js'

/** Where the search of a run lives: in this thread, or in one of its own. Nothing here waits. */
export interface SearchHost {
  /**
   * Asks for up to `count` proposals, which are delivered once, now or later, in the order of the requests; fewer only when the
   * space is exhausted.
   */
  ask(count: number, deliver: (proposals: Proposal[]) => void): void
  /** As Search.tell. */
  tell(observations: readonly Observation[]): void
  /** As Search.withdraw. */
  withdraw(keys: readonly string[]): void
  /** What a store has to keep, with the results told and the proposals delivered so far, to continue exactly: see resumeSearch. */
  state(): SearchState
  /** What is wrong with the search; null = nothing. */
  readonly trouble: string | null
  /** Called, at most once, when the search can make no more proposals in this process; its results are safe in the store. */
  onLost(listener: (reason: string) => void): void
  close(): void
}

/** Finds a place for the search of a history, which may be a beginning. */
export type HostSearch = (specification: SearchSpecification, history: SearchHistory) => SearchHost

/** A search in this thread: proposals are delivered at once. */
export function hostInProcess(search: Search): SearchHost {
  return {
    ask: (count, deliver) => deliver(search.ask(count)),
    tell: (observations) => search.tell(observations),
    withdraw: (keys) => search.withdraw(keys),
    state: () => search.state(),
    trouble: null,
    onLost: () => undefined,
    close: () => undefined,
  }
}
