import { type Rng, createRng, restoreRng } from '../../shared/rng.js'
import { AskedKeys, askEach, nextNew } from './asked-keys.js'
import type { Observation, Proposal, Search, SearchHistory, SearchState } from './search.js'
import type { SearchSpace } from './search-space.js'

export interface RandomSearchState extends SearchState {
  readonly algorithm: 'random'
  readonly withdrawn: readonly string[]
  /** Keys to evaluate before random ones that have not been asked yet; absent in older states: none. */
  readonly initial?: readonly string[]
}

/** Uniform random candidates without repetition: the yardstick of every other search. */
class RandomSearch<G> implements Search {
  private readonly asked: AskedKeys<G>
  private readonly withdrawn: string[] = []

  constructor(
    space: SearchSpace<G>,
    private readonly rng: Rng,
    private readonly initial: string[],
  ) {
    this.asked = new AskedKeys(space)
  }

  ask(count: number): Proposal[] {
    return askEach(count, this.asked, () => {
      const key = nextNew(this.initial, this.asked) ?? this.asked.findNewSample(this.rng)
      return key === undefined ? undefined : { key, operator: 'sample', parents: [] }
    })
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
    return { algorithm: 'random', rng: this.rng.state(), withdrawn: [...this.withdrawn], initial: [...this.initial] }
  }
}

export interface RandomSearchOptions<G> {
  readonly space: SearchSpace<G>
  readonly seed: number
  /** Keys to evaluate before anything else. */
  readonly initial?: readonly string[]
}

export function createRandomSearch<G>({ space, seed, initial = [] }: RandomSearchOptions<G>): Search {
  return new RandomSearch(space, createRng(seed), initial.map((key) => space.key(space.parse(key))))
}

/** The search that a store kept, continued exactly. */
export function restoreRandomSearch<G>({ space }: { readonly space: SearchSpace<G> }, { state, observations, pending }: SearchHistory): Search {
  const { initial = [], withdrawn } = state as RandomSearchState
  const search = new RandomSearch(space, restoreRng(state.rng), [...initial])
  search.tell([...observations, ...pending.map(({ key }) => ({ key, objectives: null }))])
  search.withdraw(withdrawn)
  return search
}
