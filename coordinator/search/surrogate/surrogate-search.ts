import { InvalidInputError } from '../../../shared/errors.js'
import { askEach } from '../asked-keys.js'
import { violationOf } from '../constraint.js'
import { type Evolution, type EvolutionOptions, type EvolutionState, createEvolution, restoreEvolution } from '../evolution.js'
import { costsOf, measurementOf } from '../objective.js'
import type { Observation, Proposal, Search, SearchHistory } from '../search.js'
import { Acquisition } from './acquisition.js'
import { CandidatePool, type CandidateSet, ListedCandidates } from './candidate-pool.js'
import { Surrogate, type SurrogateFit, type SurrogateFitTask, type SurrogateRow, fitSurrogate } from './surrogate.js'
import { KnownCosts } from './known-costs.js'
import { stableSample } from './stable-sample.js'
import { type ModelResult, thinned, trainingRows } from './training-rows.js'

/**
 * `inline`: a fit that is due is done by the ask that finds it due. `external`: the owner does it, in another thread, say, and
 * applies it when it is ready; until then the search goes on with the last one. `never`: plain evolution.
 */
export type Fitting = 'inline' | 'external' | 'never'

export interface SurrogateSearchOptions<G> extends EvolutionOptions<G> {
  /** Default `inline`. */
  readonly fitting?: Fitting
}

/** What the search keeps beyond the history: that of evolution, and the fit in force. */
export interface SurrogateSearchState extends EvolutionState {
  readonly algorithm: 'nasoa'
  readonly fit: SurrogateFit | null
  /** Candidates that are kept for the next ask. */
  readonly pool: readonly Proposal[]
}

/** Results of whole trainings from which on only these are compared with what a candidate promises. */
const fewestWhole = 2
/** Results with measurements from which on a model is worth more than plain evolution. */
const fewestMeasured = 20
/** Candidates in flight that are expected at a time; their cost grows with the square of it, at every ask. */
const mostExpected = 64
/** Parameters are fitted to at most this many results. */
const largestFit = 300
/** Picks of a batch draw their optimism from a half-normal distribution of this width, in posterior standard deviations. */
const optimismWidth = 0.7

/**
 * Share of the picks that go for the least cost in one objective, whatever the others: the range of known costs, to which the
 * hypervolume is scaled, must grow to the ends of the space, and no point far beyond the reference would add anything to it.
 */
const extensionShare = 0.05
/** Only where the best known cost is expected to fall by at least this share of the known range. */
const worthwhileExtension = 0.01

/**
 * Number of results that the latest fit should be on: parameters change less and less, so each is on an eighth more than the one before.
 * The points are fixed, so that a search which was interrupted during a fit makes the same one again.
 */
function latestFitPoint(results: number): number {
  let point = 0
  for (let next = fewestMeasured; next <= results; next = Math.min(Math.ceil(next * 1.12), next + 100)) point = next
  return point
}

/**
 * Evolution whose children are ranked by a model of the measurements before one is trained: a Gaussian process a measurement, and
 * hypervolume improvement under optimistic predictions, with a fresh optimism for each pick, so that a batch is diverse.
 * Candidates in flight count as if they had come out as expected. Plain evolution until enough is known.
 */
export class SurrogateSearch<G> implements Search {
  private readonly results: ModelResult[] = []
  private readonly known: KnownCosts
  private readonly knownWhole: KnownCosts
  private readonly pending = new Set<string>()
  private fit: SurrogateFit | null = null
  private surrogate: Surrogate | null = null
  /** Number of results the surrogate has taken note of. */
  private learnt = 0
  private candidates: CandidateSet | null = null
  /** Candidates that an earlier run of the search has kept. */
  private pool: readonly Proposal[] = []

  constructor(
    private readonly options: SurrogateSearchOptions<G>,
    private readonly evolution: Evolution<G>,
  ) {
    this.known = new KnownCosts(options.objectives.length)
    this.knownWhole = new KnownCosts(options.objectives.length)
  }

  ask(count: number): Proposal[] {
    if ((this.options.fitting ?? 'inline') === 'inline') this.fitIfDue()
    const picks = new Picks(this.options.objectives.length, this.evolution, () => this.openCandidates(count))
    const proposals = askEach(count, this.evolution, () => this.evolution.nextInitial() ?? picks.next() ?? this.evolution.nextOffspring())
    picks.end()
    for (const { key } of proposals) this.pending.add(key)
    return proposals
  }

  tell(observations: readonly Observation[]): void {
    const results = observations.map((observation) => this.modelResult(observation))
    const news = results.filter(({ key }, i) => this.evolution.isNews(observations[i]) && results.findIndex((other) => other.key === key) === i)
    this.evolution.tell(observations)
    for (const result of news) {
      this.learn(result)
      this.pending.delete(result.key)
    }
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) this.pending.delete(key)
    this.evolution.withdraw(keys)
  }

  state(): SurrogateSearchState {
    const pool = this.candidates instanceof CandidatePool ? this.candidates.proposals.filter(({ key }) => !this.evolution.asked.has(key)) : this.pool
    return { ...this.evolution.state(), algorithm: 'nasoa', fit: this.fit, pool }
  }

  /** What the next fit needs, when one is due; null otherwise. */
  fitDue(): SurrogateFitTask | null {
    if (this.options.fitting === 'never') return null
    const results = latestFitPoint(this.results.length)
    if (results <= (this.fit?.results ?? 0)) return null
    const selected = this.trainingRows(results)
    const rows = selected.map((index) => this.results[index])
    const measured = rows.filter(({ measurements }) => measurements !== null)
    const failed = rows.filter(({ measurements }) => measurements === null)
    if (measured.length < fewestMeasured) return null
    return {
      results,
      selected,
      layout: this.options.space.featureLayout,
      rows: [...thinned(measured, largestFit), ...thinned(failed, largestFit / 3)].map((result) => this.rowOf(result)),
      previous: this.fit,
    }
  }

  /** Puts a fit in force, from the next ask on. */
  applyFit(fit: SurrogateFit): void {
    if (fit.results > this.results.length) {
      throw new InvalidInputError(`a fit on ${fit.results} results is ahead of the search, which knows ${this.results.length}; apply it after they are told`)
    }
    this.fit = fit
    this.surrogate = null
  }

  restore({ observations, pending }: SearchHistory, { fit, pool }: SurrogateSearchState): void {
    for (const observation of observations) this.learn(this.modelResult(observation))
    for (const { key } of pending) this.pending.add(key)
    this.fit = fit
    this.pool = pool
  }

  private learn(result: ModelResult): void {
    this.results.push(result)
    const { measurements, violation, fidelity } = result
    if (measurements === null) return
    const costs = measurements.slice(0, this.options.objectives.length)
    this.known.add(costs, violation)
    if (fidelity === 1) this.knownWhole.add(costs, violation)
  }

  private fitIfDue(): void {
    const task = this.fitDue()
    if (task !== null) this.applyFit(fitSurrogate(task))
  }

  private modelResult(observation: Observation): ModelResult {
    const { objectives, constraints = [] } = this.options
    const costs = costsOf(observation, objectives)
    const { key, objectives: values, fidelity = 1 } = observation
    if (costs === null || values === null) return { key, measurements: null, violation: 0, fidelity }
    const constrained = constraints.map(({ name }) => measurementOf(values, name, key))
    return { key, measurements: [...costs, ...constrained], violation: violationOf(observation, constraints), fidelity }
  }

  private rowOf({ key, fidelity, measurements }: ModelResult): SurrogateRow {
    const { space } = this.options
    return { features: space.features(space.parse(key), fidelity), costs: measurements }
  }

  /** Of the first `results` results; beyond what the fit in force has selected, only newer ones are considered. */
  private trainingRows(results: number): number[] {
    const first = this.fit?.results ?? 0
    const newer = Array.from({ length: results - first }, (_, i) => first + i)
    return trainingRows(this.results, [...(this.fit?.selected ?? []), ...newer], this.options.objectives.length)
  }

  /** The surrogate with all that is known. */
  private currentSurrogate(fit: SurrogateFit): Surrogate {
    if (this.surrogate === null) {
      this.surrogate = new Surrogate(this.options.space.featureLayout, fit, fit.selected.map((index) => this.rowOf(this.results[index])))
      this.learnt = fit.results
      this.candidates?.follow(this.surrogate)
    }
    for (; this.learnt < this.results.length; this.learnt++) {
      const result = this.results[this.learnt]
      // What a part of a training showed is not what its candidate, which stands for a whole one, would have shown.
      this.surrogate.learn(this.rowOf(result), result.fidelity === 1 ? this.candidates?.indexOf(result.key) : undefined)
    }
    return this.surrogate
  }

  /** Everything that picking needs, with what is in flight taken into account; null while there is no fit. */
  private openCandidates(count: number): OpenCandidates | null {
    if (this.fit === null || this.options.fitting === 'never') return null
    const { constraints = [] } = this.options
    const surrogate = this.currentSurrogate(this.fit)
    const candidates = (this.candidates ??= this.newCandidates(surrogate))
    const inFlight = stableSample(this.pending, mostExpected)
    candidates.prepare(count, inFlight)
    const expected = inFlight.map((key) => candidates.indexOf(key) as number)
    surrogate.expectOnly(expected)
    // Candidates have to beat the results of whole trainings, as soon as there are some.
    const acquisition = new Acquisition(this.knownWhole.count < fewestWhole ? this.known : this.knownWhole, surrogate, constraints)
    for (const candidate of expected) acquisition.expect(candidate)
    return { surrogate, acquisition, candidates }
  }

  private newCandidates(surrogate: Surrogate): CandidateSet {
    const { space } = this.options
    return space.isListed === true ? new ListedCandidates(space, surrogate) : new CandidatePool(space, this.evolution, surrogate, this.pool)
  }
}

interface OpenCandidates {
  readonly surrogate: Surrogate
  readonly acquisition: Acquisition
  readonly candidates: CandidateSet
}

/** The optimism under which a candidate is worth keeping for later picks, in posterior standard deviations. */
const usualOptimism = 0.5

/** The picks of one ask: candidates are drawn and predicted once, and each pick is expected before the next. */
class Picks<G> {
  private open: OpenCandidates | null | undefined

  constructor(
    private readonly objectives: number,
    private readonly evolution: Evolution<G>,
    private readonly openCandidates: () => OpenCandidates | null,
  ) {}

  next(): Proposal | undefined {
    if (this.open === undefined) this.open = this.openCandidates()
    if (this.open === null) return undefined
    const { surrogate, acquisition, candidates } = this.open
    const { rng } = this.evolution
    const optimism = Math.abs(rng.normal()) * optimismWidth
    const extend = rng.chance(extensionShare)
    const candidate = (extend ? this.furthest(this.open, rng.integer(this.objectives), optimism) : undefined) ?? this.best(this.open, optimism)
    if (candidate === undefined) return undefined
    acquisition.expect(candidate)
    surrogate.expect(candidate)
    return candidates.proposals[candidate]
  }

  /** After the last pick, while what is in flight is still expected. */
  end(): void {
    if (!this.open) return
    const { acquisition, candidates } = this.open
    candidates.settle((candidate) => acquisition.value(candidate, usualOptimism))
  }

  /** The new candidate that is hoped to extend the range of an objective the most, if by enough. */
  private furthest({ acquisition, candidates: { proposals } }: OpenCandidates, objective: number, optimism: number): number | undefined {
    let furthest: number | undefined
    let largest = worthwhileExtension
    proposals.forEach(({ key }, candidate) => {
      const extension = acquisition.extension(candidate, objective, optimism)
      if (extension > largest && !this.evolution.asked.has(key)) [furthest, largest] = [candidate, extension]
    })
    return furthest
  }

  /** The new candidate of the largest value; where none promises any, with ever more optimism. */
  private best({ acquisition, candidates: { proposals } }: OpenCandidates, optimism: number): number | undefined {
    const candidates = proposals.flatMap(({ key }, i) => (this.evolution.asked.has(key) ? [] : [i]))
    for (let tries = 0, deviations = optimism; tries < 6; tries++, deviations = 2 * deviations + 0.25) {
      let best: number | undefined
      let largest = 0
      for (const candidate of candidates) {
        const value = acquisition.value(candidate, deviations)
        if (value > largest) [best, largest] = [candidate, value]
      }
      if (best !== undefined) return best
    }
    return undefined
  }
}

export function createSurrogateSearch<G>(options: SurrogateSearchOptions<G>): SurrogateSearch<G> {
  checkObjectiveCount(options)
  return new SurrogateSearch(options, createEvolution(options))
}

/**
 * The search that a store kept, continued exactly. `seed` and `initial` of the options no longer matter.
 * @throws InvalidInputError when the state is another algorithm's or does not fit the history.
 */
export function restoreSurrogateSearch<G>(options: SurrogateSearchOptions<G>, history: SearchHistory): SurrogateSearch<G> {
  checkObjectiveCount(options)
  const search = new SurrogateSearch(options, restoreEvolution(options, history, 'nasoa'))
  search.restore(history, history.state as SurrogateSearchState)
  return search
}

function checkObjectiveCount<G>({ objectives }: SurrogateSearchOptions<G>): void {
  if (objectives.length > 3) throw new InvalidInputError(`the model-assisted search takes at most 3 objectives, got ${objectives.length}`)
}
