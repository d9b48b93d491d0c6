import type { Costs } from '../objective.js'
import { CandidatePosterior } from './candidate-posterior.js'
import { type FeatureLayout, FeatureMatrix } from './feature-matrix.js'
import { type EarlierFit, type MeasurementFit, fitMeasurement, standardise } from './fit-measurement.js'
import { GaussianProcess } from './gaussian-process.js'
import { GroupDistances } from './group-distances.js'
import { unwarp } from './output-warp.js'

/** A fit of every measurement to the first `results` results of a search. Plain JSON, so that it can be stored with the search. */
export interface SurrogateFit {
  readonly results: number
  /** Which of these the processes learn: indices in the order told, ascending. */
  readonly selected: readonly number[]
  readonly measurements: readonly MeasurementFit[]
  /** Of failing: 1 for a result without measurements, 0 for one with; null while too few have failed to learn from. */
  readonly failure: MeasurementFit | null
}

/** Features of a result, and its costs, one a measurement; null = it ended without measurements. */
export interface SurrogateRow {
  readonly features: readonly number[]
  readonly costs: Costs | null
}

/** What a fit needs, complete and plain, so that it can be done in another thread. */
export interface SurrogateFitTask {
  readonly results: number
  readonly selected: readonly number[]
  readonly layout: FeatureLayout
  readonly rows: readonly SurrogateRow[]
  readonly previous: SurrogateFit | null
}

/** Failures from which on the probability of another is modelled. */
const fewestFailures = 3

/** The fit; depends on nothing but the task. */
export function fitSurrogate({ results, selected, layout, rows, previous }: SurrogateFitTask): SurrogateFit {
  const columns = layout.groupOfColumn.length
  const measured = rows.filter(isMeasured)
  const earlier = (fit: MeasurementFit | null | undefined): EarlierFit | null =>
    previous === null || !fit ? null : { fit, growth: (results - previous.results) / previous.results }
  const distances = new GroupDistances(layout, FeatureMatrix.from(columns, measured.map(({ features }) => features)))
  const measurements = measured[0].costs.map((_, m) => {
    const values = Float64Array.from(measured, ({ costs }) => costs[m])
    return fitMeasurement(layout, distances, values, earlier(previous?.measurements[m]))
  })
  if (rows.length - measured.length < fewestFailures) return { results, selected, measurements, failure: null }
  const everything = new GroupDistances(layout, FeatureMatrix.from(columns, rows.map(({ features }) => features)))
  const failed = Float64Array.from(rows, ({ costs }) => (costs === null ? 1 : 0))
  return { results, selected, measurements, failure: fitMeasurement(layout, everything, failed, earlier(previous?.failure), [{ kind: 'identity' }]) }
}

function isMeasured(row: SurrogateRow): row is SurrogateRow & { readonly costs: Costs } {
  return row.costs !== null
}

/** What is known of one measurement, or of failing. */
interface Learner {
  readonly fit: MeasurementFit
  readonly candidates: CandidatePosterior
}

/** Nothing is ruled out on the word of a model. */
const leastSuccess = 0.02

/**
 * What the results tell of a set of candidates: one Gaussian process a measurement, and one for failing. A failure tells nothing of
 * the costs that the candidate would have had. Candidates are known by their index in the set.
 */
export class Surrogate {
  private readonly measurements: readonly Learner[]
  private readonly failure: Learner | null
  private readonly columns: number

  /** @param rows results that are learnt at once */
  constructor(layout: FeatureLayout, fit: SurrogateFit, rows: readonly SurrogateRow[]) {
    this.columns = layout.groupOfColumn.length
    const learner = (each: MeasurementFit, known: readonly SurrogateRow[], valueOf: (row: SurrogateRow) => number): Learner => {
      const process = new GaussianProcess(layout, each.hyperparameters)
      process.learn(known.map((row) => ({ features: row.features, target: standardise(valueOf(row), each) })))
      return { fit: each, candidates: new CandidatePosterior(process, this.columns) }
    }
    const measured = rows.filter(isMeasured)
    this.measurements = fit.measurements.map((each, m) => learner(each, measured, ({ costs }) => costs?.[m] ?? NaN))
    this.failure = fit.failure === null ? null : learner(fit.failure, rows, failureOf)
  }

  /** Results that it knows the measurements of. */
  get size(): number {
    return this.measurements[0].candidates.known
  }

  /**
   * One more result. Expectations are void.
   * @param candidate the one it is of, where it is in the set
   */
  learn({ features, costs }: SurrogateRow, candidate?: number): void {
    if (costs !== null) this.measurements.forEach(({ fit, candidates }, m) => candidates.learn(features, standardise(costs[m], fit), candidate))
    if (this.failure !== null) this.failure.candidates.learn(features, standardise(costs === null ? 1 : 0, this.failure.fit), candidate)
  }

  /** More candidates, after those that are there. Expectations are void. */
  append(rows: Iterable<readonly number[]>): void {
    const features = FeatureMatrix.from(this.columns, rows)
    for (const { candidates } of this.learners()) candidates.append(features)
  }

  /** Only these candidates, ascending. Expectations are void. */
  retain(candidates: readonly number[]): void {
    for (const learner of this.learners()) learner.candidates.retain(candidates)
  }

  /**
   * Candidates in flight are taken to come out as predicted, these in this order and no others, so that their neighbours lose their
   * uncertainty. Whether they will fail is not expected.
   */
  expectOnly(inFlight: readonly number[]): void {
    for (const { candidates } of this.measurements) candidates.expectOnly(inFlight)
  }

  /** One more candidate in flight. */
  expect(candidate: number): void {
    for (const { candidates } of this.measurements) candidates.expect(candidate)
  }

  /** Measurement m of a candidate, `deviations` posterior standard deviations above what is expected (below where negative). */
  predict(candidate: number, m: number, deviations: number): number {
    const { fit, candidates } = this.measurements[m]
    return unwarp(fit.warp, (candidates.mean[candidate] + deviations * Math.sqrt(candidates.variance(candidate))) * fit.scale + fit.mean)
  }

  /** Number of posterior standard deviations from what is expected of measurement m to the given value. */
  deviationsTo(candidate: number, m: number, value: number): number {
    const { fit, candidates } = this.measurements[m]
    return (standardise(value, fit) - candidates.mean[candidate]) / Math.sqrt(candidates.variance(candidate))
  }

  /** Probability that a candidate ends with measurements. */
  success(candidate: number): number {
    if (this.failure === null) return 1
    const { fit, candidates } = this.failure
    return Math.min(1, Math.max(leastSuccess, 1 - (candidates.mean[candidate] * fit.scale + fit.mean)))
  }

  private learners(): readonly Learner[] {
    return this.failure === null ? this.measurements : [...this.measurements, this.failure]
  }
}

const failureOf = ({ costs }: SurrogateRow): number => (costs === null ? 1 : 0)
