import type { Costs } from '../objective.js'
import { CandidatePosterior } from './candidate-posterior.js'
import { type FeatureLayout, FeatureMatrix } from './feature-matrix.js'
import { type MeasurementFit, fitMeasurement, standardise } from './fit-measurement.js'
import { GaussianProcess } from './gaussian-process.js'
import { unwarp } from './output-warp.js'

/** A fit of every measurement to the first `results` results of a search. Plain JSON, so that it can be stored with the search. */
export interface SurrogateFit {
  readonly results: number
  readonly measurements: readonly MeasurementFit[]
}

/** What a fit needs, complete and plain, so that it can be done in another thread. */
export interface SurrogateFitTask {
  readonly results: number
  readonly layout: FeatureLayout
  /** Features of each result that has measurements. */
  readonly features: readonly (readonly number[])[]
  /** Costs of each of these, one a measurement. */
  readonly costs: readonly Costs[]
  readonly previous: SurrogateFit | null
}

/** The fit; depends on nothing but the task. */
export function fitSurrogate({ results, layout, features, costs, previous }: SurrogateFitTask): SurrogateFit {
  const matrix = FeatureMatrix.from(layout.groupOfColumn.length, features)
  const measurements = costs[0].map((_, m) => {
    const values = Float64Array.from(costs, (each) => each[m])
    return fitMeasurement(layout, matrix, values, previous?.measurements[m])
  })
  return { results, measurements }
}

/** One Gaussian process a measurement, on the same rows: known results first, then candidates in flight. */
export class Surrogate {
  private readonly processes: readonly GaussianProcess[]
  private known = 0

  /** @param failureCosts what a candidate that ended without measurements is taken to have cost */
  constructor(
    private readonly layout: FeatureLayout,
    readonly fit: SurrogateFit,
    private readonly failureCosts: Costs,
  ) {
    this.processes = fit.measurements.map(({ hyperparameters }) => new GaussianProcess(layout, hyperparameters))
  }

  /** Only while nothing is expected (see `forgetExpected`). */
  learn(features: readonly number[], costs: Costs | null): void {
    this.processes.forEach((process, m) => process.append(features, standardise((costs ?? this.failureCosts)[m], this.fit.measurements[m])))
    this.known++
  }

  /** A candidate in flight, taken to come out as predicted, so that its neighbours lose their uncertainty. */
  expect(features: readonly number[]): void {
    for (const process of this.processes) process.appendExpected(features)
  }

  forgetExpected(candidates?: CandidatePredictions): void {
    candidates?.forget(this.known)
    for (const process of this.processes) process.truncate(this.known)
  }

  candidates(features: FeatureMatrix): CandidatePredictions {
    return new CandidatePredictions(this.processes.map((process) => new CandidatePosterior(process, features)), this.fit.measurements)
  }

  candidatesFrom(rows: Iterable<readonly number[]>): CandidatePredictions {
    return this.candidates(FeatureMatrix.from(this.layout.groupOfColumn.length, rows))
  }
}

/** What the surrogate predicts for a set of candidates. */
export class CandidatePredictions {
  constructor(
    private readonly posteriors: readonly CandidatePosterior[],
    private readonly fits: readonly MeasurementFit[],
  ) {}

  get count(): number {
    return this.posteriors[0].count
  }

  /** Follows what the surrogate has learnt or expects since. */
  update(): void {
    for (const posterior of this.posteriors) posterior.update()
  }

  forget(size: number): void {
    for (const posterior of this.posteriors) posterior.forget(size)
  }

  /** Measurement m of a candidate, `deviations` posterior standard deviations above what is expected (below where negative). */
  predict(candidate: number, m: number, deviations: number): number {
    const { warp, mean, scale } = this.fits[m]
    const posterior = this.posteriors[m]
    return unwarp(warp, (posterior.mean[candidate] + deviations * Math.sqrt(posterior.variance(candidate))) * scale + mean)
  }

  /** Number of posterior standard deviations from what is expected of measurement m to the given value. */
  deviationsTo(candidate: number, m: number, value: number): number {
    const posterior = this.posteriors[m]
    return (standardise(value, this.fits[m]) - posterior.mean[candidate]) / Math.sqrt(posterior.variance(candidate))
  }
}
