import { InvalidInputError } from '../../shared/errors.js'
import { type Rng, createRng, restoreRng } from '../../shared/rng.js'
import { Admission, type AdmissionState, type StepTimeConstraint } from './admission.js'
import { AskedKeys, askEach, nextNew } from './asked-keys.js'
import { type Constraint, checkConstraints, violationOf } from './constraint.js'
import { type Objective, checkObjectives, costsOf } from './objective.js'
import { type Offspring, makeOffspring } from './offspring.js'
import { type Member, Population } from './population.js'
import type { Observation, Proposal, Search, SearchHistory, SearchState } from './search.js'
import type { SearchSpace } from './search-space.js'

export interface EvolutionOptions<G> {
  readonly space: SearchSpace<G>
  readonly objectives: readonly Objective[]
  readonly constraints?: readonly Constraint[]
  /** Size of the population, and of the first sample that spans the space. */
  readonly population: number
  readonly seed: number
  /** Keys to evaluate before anything else. */
  readonly initial?: readonly string[]
  /** Of networks: candidates that are predicted to break it are turned away. Absent = none are. */
  readonly stepTime?: StepTimeConstraint | undefined
}

/** What evolution keeps beyond the history. `withdrawn` grows with the withdrawals; the rest is bounded by the population. */
export interface EvolutionState extends SearchState {
  readonly algorithm: string
  /** Keys of the first sample that have not been asked yet. */
  readonly initial: readonly string[]
  /** Keys of the population, in its order. */
  readonly population: readonly string[]
  readonly withdrawn: readonly string[]
  /** Of a search with a constraint on the step time. */
  readonly admission?: AdmissionState
}

/**
 * Asynchronous multi-objective evolution: NSGA-II's ranking (Deb et al., 2002) in steady state, as in the NASOA paper's search but
 * without generations. A spread first sample, then children of binary tournaments; each result competes for its place when it arrives.
 */
export class Evolution<G> implements Search {
  readonly asked: AskedKeys<G>
  readonly admission: Admission | null
  private readonly population: Population
  /** The highest fidelity that each key was told with. */
  private readonly told = new Map<string, number>()
  private readonly withdrawn: string[] = []

  constructor(
    private readonly options: EvolutionOptions<G>,
    readonly rng: Rng,
    private readonly initial: string[],
  ) {
    this.population = new Population(options.population)
    this.asked = new AskedKeys(options.space)
    this.admission = options.stepTime === undefined ? null : new Admission(options.stepTime, this.asked)
  }

  ask(count: number): Proposal[] {
    return askEach(count, this, () => this.nextInitial() ?? this.nextOffspring())
  }

  tell(observations: readonly Observation[]): void {
    // All are read before any is applied, so that a bad one leaves the search as it was.
    const members = observations.map((observation) => memberOf(observation, this.options))
    observations.forEach((observation, i) => {
      // A result counts once, however often it is delivered; one of a longer training takes the place of an earlier one.
      if (!this.isNews(observation)) return
      this.learn(observation)
      const member = members[i]
      if (member !== null) this.population.insert(member)
      else this.population.remove(observation.key)
    })
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) {
      this.asked.add(key)
      this.withdrawn.push(key)
    }
  }

  state(): EvolutionState {
    return {
      algorithm: 'evolution',
      rng: this.rng.state(),
      initial: [...this.initial],
      population: this.population.members.map(({ key }) => key),
      withdrawn: [...this.withdrawn],
      ...(this.admission === null ? {} : { admission: this.admission.state() }),
    }
  }

  restore({ observations, pending }: SearchHistory, { population, withdrawn, admission }: EvolutionState): void {
    const byKey = new Map(observations.map((observation) => [observation.key, observation]))
    for (const observation of observations) if (this.isNews(observation)) this.learn(observation)
    for (const { key } of pending) this.asked.add(key)
    this.withdraw(withdrawn)
    if (admission !== undefined) this.admission?.restore(admission)
    this.population.restore(population.map((key) => restoredMember(byKey.get(key), key, this.options)))
  }

  /** Whether a result says more of its candidate than is known. */
  isNews({ key, fidelity = 1 }: Observation): boolean {
    return fidelity > (this.told.get(key) ?? 0)
  }

  /** The next of the first sample that is new. */
  nextInitial(): Proposal | undefined {
    const key = nextNew(this.initial, this.asked)
    return key === undefined ? undefined : { key, operator: 'sample', parents: [] }
  }

  /** A child, or a random genome where no child is new; undefined when nothing new was found. */
  nextOffspring(): Proposal | undefined {
    return this.asked.findNew(this.rng, this.makeOffspring())
  }

  /** A child that may not be new. */
  makeOffspring(): Offspring<G> {
    return makeOffspring(this.options.space, this.population, this.rng)
  }

  private learn(observation: Observation): void {
    const { key, fidelity = 1 } = observation
    this.told.set(key, fidelity)
    this.asked.add(key)
    this.admission?.learn(observation)
  }
}

function memberOf<G>(observation: Observation, { objectives, constraints = [] }: EvolutionOptions<G>): Member | null {
  const costs = costsOf(observation, objectives)
  return costs === null ? null : { key: observation.key, costs, violation: violationOf(observation, constraints) }
}

function restoredMember<G>(observation: Observation | undefined, key: string, options: EvolutionOptions<G>): Member {
  const member = observation === undefined ? null : memberOf(observation, options)
  if (member === null) throw new InvalidInputError(`the stored search names ${key} in its population, but its history has no result of it`)
  return member
}

function checkOptions<G>({ objectives, constraints = [], population }: EvolutionOptions<G>): void {
  checkObjectives(objectives)
  checkConstraints(constraints)
  if (!Number.isInteger(population) || population < 2) throw new InvalidInputError(`the population must be an integer of at least 2, got ${population}`)
}

/** A new search. The same options give the same search. */
export function createEvolution<G>(options: EvolutionOptions<G>): Evolution<G> {
  checkOptions(options)
  const { space, population, seed, initial = [] } = options
  const rng = createRng(seed)
  const spread = space.sampleSpread(rng, population).map((genome) => space.key(genome))
  return new Evolution(options, rng, [...initial.map((key) => space.key(space.parse(key))), ...spread])
}

/**
 * The search that a store kept, continued exactly. `seed` and `initial` of the options no longer matter.
 * @throws InvalidInputError when the state is another algorithm's or does not fit the history.
 */
export function restoreEvolution<G>(options: EvolutionOptions<G>, history: SearchHistory, algorithm = 'evolution'): Evolution<G> {
  checkOptions(options)
  const state = history.state as EvolutionState
  if (state.algorithm !== algorithm) throw new InvalidInputError(`the stored search is of another kind (${String(history.state.algorithm)}), not ${algorithm}`)
  const evolution = new Evolution(options, restoreRng(state.rng), [...state.initial])
  evolution.restore(history, state)
  return evolution
}
