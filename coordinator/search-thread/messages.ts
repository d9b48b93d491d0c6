import type { Observation, Proposal, SearchHistory, SearchState } from '../search/search.js'
import type { SearchSpecification } from '../search/search-specification.js'
import type { SurrogateFit } from '../search/surrogate/surrogate.js'

/** What a thread of a search begins with. */
export interface SearchThreadData {
  readonly specification: SearchSpecification
  readonly history: SearchHistory
  /** Whether a model may assist; false = plain evolution. */
  readonly isModelled: boolean
}

/** From the owner to the thread; handled in the order sent. */
export type SearchRequest =
  | { readonly kind: 'ask'; readonly count: number }
  | { readonly kind: 'tell'; readonly observations: readonly Observation[] }
  | { readonly kind: 'withdraw'; readonly keys: readonly string[] }

/** Answer to an ask, with the state of the search after it. */
export interface ProposalsMade {
  readonly kind: 'proposals'
  readonly proposals: Proposal[]
  readonly state: SearchState
  /** Results that the state includes, those of the history counted. */
  readonly told: number
  /** Keys withdrawn since the thread began that the state includes. */
  readonly withdrawn: number
}

/** From the thread to its owner. */
export type SearchReport =
  | ProposalsMade
  | { readonly kind: 'fit'; readonly results: number; readonly durationMs: number }
  | { readonly kind: 'fit_failed'; readonly message: string }

/** Answer of the thread that fits. */
export interface FitMade {
  readonly fit: SurrogateFit
  readonly durationMs: number
}
