import type { Costs } from '../objective.js'
import { CandidatePosterior } from './candidate-posterior.js'
import { type FeatureLayout, FeatureMatrix } from './feature-matrix.js'
import { type MeasurementFit, fitMeasurement, standardise } from './fit-measurement.js'
import { GaussianProcess } from './gaussian-process.js'
import { GroupDistances } from './group-distances.js'
import { unwarp } from './output-warp.js'

/** A fit of every measurement to the first `results` results of a search. Plain JSON, so that it can be stored with the search. */
export interface SurrogateFit {
  readonly results: number
  readonly measurements: readonly MeasurementFit[]
  /** Of failing: 1 for a result without measurements, 0 for one with; null while too few have failed to learn from. */
  readonly failure: MeasurementFit | null
}

/** What a fit needs, complete and plain, so that it can be done in another thread. */
export interface SurrogateFitTask {
  readonly results: number
  readonly layout: FeatureLayout
  /** Features of each result, and its costs, one a measurement; null = it ended without measurements. */
  readonly rows: readonly { readonly features: readonly number[]; readonly costs: Costs | null }[]
  readonly previous: SurrogateFit | null
}

/** Failures from which on the probability of another is modelled. */
const fewestFailures = 3

/** The fit; depends on nothing but the task. */
export function fitSurrogate({ results, layout, rows, previous }: SurrogateFitTask): SurrogateFit {
  const columns = layout.groupOfColumn.length
  const measured = rows.flatMap(({ features, costs }) => (costs === null ? [] : [{ features, costs }]))
  const distances = new GroupDistances(layout, FeatureMatrix.from(columns, measured.map(({ features }) => features)))
  const measurements = measured[0].costs.map((_, m) => {
    const values = Float64Array.from(measured, ({ costs }) => costs[m])
    return fitMeasurement(layout, distances, values, previous?.measurements[m])
  })
  if (rows.length - measured.length < fewestFailures) return { results, measurements, failure: null }
  const everything = new GroupDistances(layout, FeatureMatrix.from(columns, rows.map(({ features }) => features)))
  const failed = Float64Array.from(rows, ({ costs }) => (costs === null ? 1 : 0))
  return { results, measurements, failure: fitMeasurement(layout, everything, failed, previous?.failure, [{ kind: 'identity' }]) }
}

/** A process with the number of results it has learnt; candidates in flight come after them. */
interface Learner {
  readonly process: GaussianProcess
  readonly fit: MeasurementFit
  known: number
}

/** One Gaussian process a measurement, and one for failing. A failure tells nothing of the costs that the candidate would have had. */
export class Surrogate {
  private readonly measurements: readonly Learner[]
  private readonly failure: Learner | null

  constructor(
    private readonly layout: FeatureLayout,
    readonly fit: SurrogateFit,
  ) {
    const learner = (each: MeasurementFit): Learner => ({ process: new GaussianProcess(layout, each.hyperparameters), fit: each, known: 0 })
    this.measurements = fit.measurements.map(learner)
    this.failure = fit.failure === null ? null : learner(fit.failure)
  }

  /** Only while nothing is expected (see `forgetExpected`). */
  learn(features: readonly number[], costs: Costs | null): void {
    if (costs !== null) this.measurements.forEach((learner, m) => learnOne(learner, features, costs[m]))
    if (this.failure !== null) learnOne(this.failure, features, costs === null ? 1 : 0)
  }

  /** A candidate in flight, taken to come out as predicted, so that its neighbours lose their uncertainty. */
  expect(features: readonly number[]): void {
    for (const { process } of this.measurements) process.appendExpected(features)
  }

  forgetExpected(candidates?: CandidatePredictions): void {
    this.measurements.forEach(({ process, known }, m) => {
      candidates?.forget(m, known)
      process.truncate(known)
    })
  }

  candidates(features: FeatureMatrix): CandidatePredictions {
    const learners = this.failure === null ? this.measurements : [...this.measurements, this.failure]
    return new CandidatePredictions(learners.map(({ process }) => new CandidatePosterior(process, features)), this.fit, features.columns)
  }

  candidatesFrom(rows: Iterable<readonly number[]>): CandidatePredictions {
    return this.candidates(FeatureMatrix.from(this.layout.groupOfColumn.length, rows))
  }
}

function learnOne(learner: Learner, features: readonly number[], value: number): void {
  learner.process.append(features, standardise(value, learner.fit))
  learner.known++
}

/** Nothing is ruled out on the word of a model. */
const leastSuccess = 0.02

/** What the surrogate predicts for a set of candidates. */
export class CandidatePredictions {
  /** @param posteriors one a measurement, then that of failing where the fit has it */
  constructor(
    private readonly posteriors: readonly CandidatePosterior[],
    private readonly fit: SurrogateFit,
    private readonly columns: number,
  ) {}

  /** More candidates, after those that are there. */
  append(rows: Iterable<readonly number[]>): void {
    const features = FeatureMatrix.from(this.columns, rows)
    for (const posterior of this.posteriors) posterior.append(features)
  }

  /** Only these candidates, ascending. */
  retain(candidates: readonly number[]): void {
    for (const posterior of this.posteriors) posterior.retain(candidates)
  }

  get count(): number {
    return this.posteriors[0].count
  }

  /** Follows what the surrogate has learnt or expects since. */
  update(): void {
    for (const posterior of this.posteriors) posterior.update()
  }

  forget(m: number, size: number): void {
    this.posteriors[m].forget(size)
  }

  /** Measurement m of a candidate, `deviations` posterior standard deviations above what is expected (below where negative). */
  predict(candidate: number, m: number, deviations: number): number {
    const { warp, mean, scale } = this.fit.measurements[m]
    const posterior = this.posteriors[m]
    return unwarp(warp, (posterior.mean[candidate] + deviations * Math.sqrt(posterior.variance(candidate))) * scale + mean)
  }

  /** Number of posterior standard deviations from what is expected of measurement m to the given value. */
  deviationsTo(candidate: number, m: number, value: number): number {
    const posterior = this.posteriors[m]
    return (standardise(value, this.fit.measurements[m]) - posterior.mean[candidate]) / Math.sqrt(posterior.variance(candidate))
  }

  /** Probability that a candidate ends with measurements. */
  success(candidate: number): number {
    const { failure, measurements } = this.fit
    if (failure === null) return 1
    const failing = this.posteriors[measurements.length].mean[candidate] * failure.scale + failure.mean
    return Math.min(1, Math.max(leastSuccess, 1 - failing))
  }
}
