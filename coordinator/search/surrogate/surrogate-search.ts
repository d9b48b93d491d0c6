import { InvalidInputError } from '../../../shared/errors.js'
import { violationOf } from '../constraint.js'
import { type Evolution, type EvolutionOptions, type EvolutionState, askEach, createEvolution, restoreEvolution } from '../evolution.js'
import { costsOf, measurementOf } from '../objective.js'
import type { Observation, Proposal, Search, SearchHistory } from '../search.js'
import { Acquisition } from './acquisition.js'
import { CandidatePool, type CandidateSet, ListedCandidates } from './candidate-pool.js'
import { Surrogate, type SurrogateFit, type SurrogateFitTask, fitSurrogate } from './surrogate.js'
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
/** Candidates in flight that are expected at a time: each costs as much as a result, at every ask. */
const mostExpected = 64
/** Parameters are fitted to at most this many results. */
const largestFit = 300
/** Picks of a batch draw their optimism from a half-normal distribution of this width, in posterior standard deviations. */
const optimismWidth = 0.7

/**
 * Share of the picks that go for the least cost in one objective, whatever the others: the range of known costs, to which the
 * hypervolume is scaled, must grow to the ends of the space, and no point far beyond the reference would add anything to it.
 */
const extensionShare = 0.1
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
  ) {}

  ask(count: number): Proposal[] {
    if ((this.options.fitting ?? 'inline') === 'inline') this.fitIfDue()
    const picks = new Picks(this.options.objectives.length, this.evolution, () => this.openCandidates(count))
    const proposals = askEach(count, this.evolution.asked, () => this.evolution.nextInitial() ?? picks.next() ?? this.evolution.nextOffspring())
    picks.end()
    this.surrogate?.forgetExpected(this.candidates?.predictions)
    for (const { key } of proposals) this.pending.add(key)
    return proposals
  }

  tell(observations: readonly Observation[]): void {
    const results = observations.map((observation) => this.modelResult(observation))
    const news = results.filter(({ key }, i) => this.evolution.isNews(observations[i]) && results.findIndex((other) => other.key === key) === i)
    this.evolution.tell(observations)
    for (const result of news) {
      this.results.push(result)
      this.pending.delete(result.key)
    }
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) this.pending.delete(key)
    this.evolution.withdraw(keys)
  }

  state(): SurrogateSearchState {
    const pool = this.candidates instanceof CandidatePool ? [...this.candidates.proposals] : this.pool
    return { ...this.evolution.state(), algorithm: 'nasoa', fit: this.fit, pool }
  }

  /** What the next fit needs, when one is due; null otherwise. */
  fitDue(): SurrogateFitTask | null {
    if (this.options.fitting === 'never') return null
    const results = latestFitPoint(this.results.length)
    if (results <= (this.fit?.results ?? 0)) return null
    const rows = this.trainingRows(results)
    const measured = rows.filter(({ measurements }) => measurements !== null)
    const failed = rows.filter(({ measurements }) => measurements === null)
    if (measured.length < fewestMeasured) return null
    return {
      results,
      layout: this.options.space.featureLayout,
      rows: [...thinned(measured, largestFit), ...thinned(failed, largestFit / 3)].map((result) => ({ features: this.resultFeatures(result), costs: result.measurements })),
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
    for (const observation of observations) this.results.push(this.modelResult(observation))
    for (const { key } of pending) this.pending.add(key)
    this.fit = fit
    this.pool = pool
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

  private featuresOf(key: string): number[] {
    const { space } = this.options
    return space.features(space.parse(key))
  }

  private resultFeatures({ key, fidelity }: ModelResult): number[] {
    const { space } = this.options
    return space.features(space.parse(key), fidelity)
  }

  /** Results that a candidate has to beat: those of whole trainings, as soon as there are some. */
  private comparable(): readonly ModelResult[] {
    const whole = this.results.filter(({ fidelity }) => fidelity === 1)
    return whole.filter(({ measurements }) => measurements !== null).length < fewestWhole ? this.results : whole
  }

  private trainingRows(results: number): ModelResult[] {
    return trainingRows(this.results.slice(0, results), this.options.objectives.length)
  }

  /** The surrogate with all that is known. */
  private currentSurrogate(fit: SurrogateFit): Surrogate {
    if (this.surrogate === null) {
      const rows = this.trainingRows(fit.results)
      this.surrogate = new Surrogate(this.options.space.featureLayout, fit)
      for (const result of rows) this.surrogate.learn(this.resultFeatures(result), result.measurements)
      this.learnt = fit.results
      this.candidates?.follow(this.surrogate)
    }
    for (; this.learnt < this.results.length; this.learnt++) {
      const result = this.results[this.learnt]
      this.surrogate.learn(this.resultFeatures(result), result.measurements)
    }
    return this.surrogate
  }

  /** Everything that picking needs, with what is in flight taken into account; null while there is no fit. */
  private openCandidates(count: number): OpenCandidates | null {
    if (this.fit === null || this.options.fitting === 'never') return null
    const surrogate = this.currentSurrogate(this.fit)
    const { objectives, constraints = [] } = this.options
    const candidates = (this.candidates ??= this.newCandidates(surrogate))
    candidates.prepare(count)
    const acquisition = new Acquisition(this.comparable(), objectives.length, constraints)
    this.expectPending(surrogate, acquisition)
    candidates.predictions.update()
    return { surrogate, acquisition, candidates, featuresOf: (key) => this.featuresOf(key) }
  }

  private newCandidates(surrogate: Surrogate): CandidateSet {
    const { space } = this.options
    return space.isListed === true ? new ListedCandidates(space, surrogate) : new CandidatePool(space, this.evolution, surrogate, this.pool)
  }

  private expectPending(surrogate: Surrogate, acquisition: Acquisition): void {
    // In an order that a restored search shares, whatever order its store returns them in.
    const features = thinned([...this.pending].sort(), mostExpected).map((key) => this.featuresOf(key))
    if (features.length === 0) return
    const predictions = surrogate.candidatesFrom(features)
    predictions.update()
    features.forEach((row, i) => {
      acquisition.expect(predictions, i)
      surrogate.expect(row)
    })
  }
}

interface OpenCandidates {
  readonly surrogate: Surrogate
  readonly acquisition: Acquisition
  readonly candidates: CandidateSet
  readonly featuresOf: (key: string) => readonly number[]
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
    const { surrogate, acquisition, featuresOf } = this.open
    const { proposals, predictions } = this.open.candidates
    const { rng } = this.evolution
    const optimism = Math.abs(rng.normal()) * optimismWidth
    const extend = rng.chance(extensionShare)
    const candidate = (extend ? this.furthest(this.open, rng.integer(this.objectives), optimism) : undefined) ?? this.best(this.open, optimism)
    if (candidate === undefined) return undefined
    acquisition.expect(predictions, candidate)
    surrogate.expect(featuresOf(proposals[candidate].key))
    predictions.update()
    return proposals[candidate]
  }

  /** After the last pick, while what is in flight is still expected. */
  end(): void {
    if (!this.open) return
    const { acquisition, candidates } = this.open
    candidates.settle((candidate) => acquisition.value(candidates.predictions, candidate, usualOptimism))
  }

  /** The new candidate that is hoped to extend the range of an objective the most, if by enough. */
  private furthest({ acquisition, candidates: { proposals, predictions } }: OpenCandidates, objective: number, optimism: number): number | undefined {
    let furthest: number | undefined
    let largest = worthwhileExtension
    proposals.forEach(({ key }, candidate) => {
      const extension = acquisition.extension(predictions, candidate, objective, optimism)
      if (extension > largest && !this.evolution.asked.has(key)) [furthest, largest] = [candidate, extension]
    })
    return furthest
  }

  /** The new candidate of the largest value; where none promises any, with ever more optimism. */
  private best({ acquisition, candidates: { proposals, predictions } }: OpenCandidates, optimism: number): number | undefined {
    const candidates = proposals.flatMap(({ key }, i) => (this.evolution.asked.has(key) ? [] : [i]))
    for (let tries = 0, deviations = optimism; tries < 6; tries++, deviations = 2 * deviations + 0.25) {
      let best: number | undefined
      let largest = 0
      for (const candidate of candidates) {
        const value = acquisition.value(predictions, candidate, deviations)
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
