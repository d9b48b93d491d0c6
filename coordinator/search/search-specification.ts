import type { SpaceBounds } from '../../shared/space/bounds.js'
import { ArchitectureSpace } from './architecture-space.js'
import type { Constraint } from './constraint.js'
import { createEvolution, restoreEvolution } from './evolution.js'
import type { Objective } from './objective.js'
import { createRandomSearch, restoreRandomSearch } from './random-search.js'
import type { Search, SearchHistory } from './search.js'
import { type Fitting, createSurrogateSearch, restoreSurrogateSearch } from './surrogate/surrogate-search.js'

/** Model-assisted evolution; plain evolution; the yardstick of both. */
export type SearchAlgorithm = 'nasoa' | 'nsga2' | 'random'

/** A search of architectures, complete and in plain JSON, so that it can be built in another thread. */
export interface SearchSpecification {
  readonly algorithm: SearchAlgorithm
  readonly bounds: SpaceBounds
  readonly objectives: readonly Objective[]
  readonly constraints?: readonly Constraint[]
  readonly population: number
  readonly seed: number
  /** Encodings to evaluate before anything else. */
  readonly initial?: readonly string[]
}

/** A new search. The same specification gives the same search. */
export function createSearch({ algorithm, bounds, ...options }: SearchSpecification, fitting: Fitting = 'inline'): Search {
  const space = new ArchitectureSpace(bounds)
  switch (algorithm) {
    case 'nasoa':
      return createSurrogateSearch({ ...options, space, fitting })
    case 'nsga2':
      return createEvolution({ ...options, space })
    case 'random':
      return createRandomSearch({ ...options, space })
  }
}

/**
 * The search that a store kept, continued exactly. `seed` and `initial` of the specification no longer matter.
 * @throws InvalidInputError when the state is another algorithm's or does not fit the history.
 */
export function restoreSearch({ algorithm, bounds, ...options }: SearchSpecification, history: SearchHistory, fitting: Fitting = 'inline'): Search {
  const space = new ArchitectureSpace(bounds)
  switch (algorithm) {
    case 'nasoa':
      return restoreSurrogateSearch({ ...options, space, fitting }, history)
    case 'nsga2':
      return restoreEvolution({ ...options, space }, history)
    case 'random':
      return restoreRandomSearch({ space }, history)
  }
}
