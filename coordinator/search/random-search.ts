import { type Rng, createRng, restoreRng } from '../../shared/rng.js'
import { AskedKeys } from './asked-keys.js'
import type { Observation, Proposal, Search, SearchHistory, SearchState } from './search.js'
import type { SearchSpace } from './search-space.js'

export interface RandomSearchState extends SearchState {
  readonly algorithm: 'random'
  readonly withdrawn: readonly string[]
}

/** Uniform random candidates without repetition: the yardstick of every other search. */
class RandomSearch<G> implements Search {
  private readonly asked: AskedKeys<G>
  private readonly withdrawn: string[] = []

  constructor(
    space: SearchSpace<G>,
    private readonly rng: Rng,
  ) {
    this.asked = new AskedKeys(space)
  }

  ask(count: number): Proposal[] {
    const proposals: Proposal[] = []
    while (proposals.length < count) {
      const key = this.asked.findNewSample(this.rng)
      if (key === undefined) break
      this.asked.add(key)
      proposals.push({ key, operator: 'sample', parents: [] })
    }
    return proposals
  }

  tell(observations: readonly Observation[]): void {
    for (const { key } of observations) this.asked.add(key)
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) {
      this.asked.add(key)
      this.withdrawn.push(key)
    }
  }

  state(): RandomSearchState {
    return { algorithm: 'random', rng: this.rng.state(), withdrawn: [...this.withdrawn] }
  }
}

export function createRandomSearch<G>({ space, seed }: { readonly space: SearchSpace<G>; readonly seed: number }): Search {
  return new RandomSearch(space, createRng(seed))
}

/** The search that a store kept, continued exactly. */
export function restoreRandomSearch<G>({ space }: { readonly space: SearchSpace<G> }, { state, observations, pending }: SearchHistory): Search {
  const search = new RandomSearch(space, restoreRng(state.rng))
  search.tell([...observations, ...pending.map(({ key }) => ({ key, objectives: null }))])
  search.withdraw((state as RandomSearchState).withdrawn)
  return search
}
