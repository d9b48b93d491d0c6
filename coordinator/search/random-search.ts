import { type Rng, createRng, restoreRng } from '../../shared/rng.js'
import { Admission, type AdmissionState, type StepTimeConstraint } from './admission.js'
import { AskedKeys, askEach, nextNew } from './asked-keys.js'
import type { Observation, Proposal, Search, SearchHistory, SearchState } from './search.js'
import type { SearchSpace } from './search-space.js'

export interface RandomSearchState extends SearchState {
  readonly algorithm: 'random'
  readonly withdrawn: readonly string[]
  /** Keys to evaluate before random ones that have not been asked yet; absent in older states: none. */
  readonly initial?: readonly string[]
  readonly admission?: AdmissionState
}

/** Uniform random candidates without repetition: the yardstick of every other search. */
class RandomSearch<G> implements Search {
  readonly asked: AskedKeys<G>
  readonly admission: Admission | null
  private readonly withdrawn: string[] = []

  constructor(
    { space, stepTime }: Pick<RandomSearchOptions<G>, 'space' | 'stepTime'>,
    private readonly rng: Rng,
    private readonly initial: string[],
  ) {
    this.asked = new AskedKeys(space)
    this.admission = stepTime === undefined ? null : new Admission(stepTime, this.asked)
  }

  ask(count: number): Proposal[] {
    return askEach(count, this, () => {
      const key = nextNew(this.initial, this.asked) ?? this.asked.findNewSample(this.rng)
      return key === undefined ? undefined : { key, operator: 'sample', parents: [] }
    })
  }

  tell(observations: readonly Observation[]): void {
    for (const observation of observations) {
      this.asked.add(observation.key)
      this.admission?.learn(observation)
    }
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) {
      this.asked.add(key)
      this.withdrawn.push(key)
    }
  }

  state(): RandomSearchState {
    const admission = this.admission === null ? {} : { admission: this.admission.state() }
    return { algorithm: 'random', rng: this.rng.state(), withdrawn: [...this.withdrawn], initial: [...this.initial], ...admission }
  }
}

export interface RandomSearchOptions<G> {
  readonly space: SearchSpace<G>
  readonly seed: number
  /** Keys to evaluate before anything else. */
  readonly initial?: readonly string[]
  /** As in EvolutionOptions. */
  readonly stepTime?: StepTimeConstraint | undefined
}

export function createRandomSearch<G>({ space, seed, initial = [], stepTime }: RandomSearchOptions<G>): Search {
  return new RandomSearch({ space, stepTime }, createRng(seed), initial.map((key) => space.key(space.parse(key))))
}

/** The search that a store kept, continued exactly. */
export function restoreRandomSearch<G>(options: Pick<RandomSearchOptions<G>, 'space' | 'stepTime'>, { state, observations, pending }: SearchHistory): Search {
  const { initial = [], withdrawn, admission } = state as RandomSearchState
  const search = new RandomSearch(options, restoreRng(state.rng), [...initial])
  search.tell([...observations, ...pending.map(({ key }) => ({ key, objectives: null }))])
  search.withdraw(withdrawn)
  if (admission !== undefined) search.admission?.restore(admission)
  return search
}
