import type { FeatureLayout } from './feature-matrix.js'
import type { GroupDistances } from './group-distances.js'
import { type Hyperparameters, MarginalLikelihood, hyperparameterBounds, packHyperparameters, unpackHyperparameters } from './marginal-likelihood.js'
import { type OutputWarp, candidateWarps, logSlope, warp } from './output-warp.js'
import { minimizeRprop } from './rprop.js'

/** What is learnt about one measurement before its process is built: how its values are transformed, and the parameters. Plain JSON. */
export interface MeasurementFit {
  readonly warp: OutputWarp
  /** Of the warped values, which are standardised with them. */
  readonly mean: number
  readonly scale: number
  readonly hyperparameters: Hyperparameters
}

interface Standardised {
  readonly warp: OutputWarp
  readonly targets: Float64Array
  readonly mean: number
  readonly scale: number
  /** Log of the transformation's slope, summed over the values. */
  readonly logSlopes: number
}

/** Steps of the optimiser before the transformation is chosen for good, and after; fewer where an earlier fit is the start. */
const iterations = { anew: { near: 15, final: 30 }, again: { near: 5, final: 12 } }

export function standardise(value: number, { warp: transformation, mean, scale }: Pick<MeasurementFit, 'warp' | 'mean' | 'scale'>): number {
  return (warp(transformation, value) - mean) / scale
}

function standardiseAll(costs: Float64Array, transformation: OutputWarp): Standardised {
  const warped = costs.map((cost) => warp(transformation, cost))
  const mean = warped.reduce((sum, value) => sum + value, 0) / warped.length
  const deviation = Math.sqrt(warped.reduce((sum, value) => sum + (value - mean) ** 2, 0) / warped.length)
  // Values that differ by rounding only are equal.
  const scale = deviation > 1e-12 * Math.abs(mean) ? deviation : 1
  const logSlopes = costs.reduce((sum, cost) => sum + logSlope(transformation, cost), 0) - costs.length * Math.log(scale)
  return { warp: transformation, targets: warped.map((value) => (value - mean) / scale), mean, scale, logSlopes }
}

/** Relevances that put two random rows about one length scale apart, whatever the number of groups. */
function startingPoint({ groups }: FeatureLayout): Hyperparameters {
  return { logRelevance: Array.from({ length: groups }, () => Math.log(6 / groups)), logSignal: 0, logNoise: -4 }
}

/**
 * Transformation (one of `warps`) and parameters that make the costs most likely. Starts from an earlier fit of the same measurement
 * where there is one. Costs must be finite; there must be at least two.
 */
export function fitMeasurement(
  layout: FeatureLayout,
  distances: GroupDistances,
  costs: Float64Array,
  previous?: MeasurementFit | null,
  warps: readonly OutputWarp[] = candidateWarps(costs),
): MeasurementFit {
  const alternatives = warps.map((transformation) => standardiseAll(costs, transformation))
  const likelihood = (data: Standardised): MarginalLikelihood => new MarginalLikelihood(distances, data.targets)
  const likeliest = (point: ArrayLike<number>): Standardised => {
    const values = likelihood(alternatives[0]).valuesOf(point, alternatives.map(({ targets }) => targets))
    const losses = values.map((value, i) => value - alternatives[i].logSlopes)
    return alternatives[losses.indexOf(Math.min(...losses))]
  }
  const optimise = (data: Standardised, start: ArrayLike<number>, count: number): Float64Array => {
    const model = likelihood(data)
    return minimizeRprop((point, gradient) => model.valueAndGradient(point, gradient), start, hyperparameterBounds(layout.groups), count).point
  }
  const { near: nearSteps, final: finalSteps } = previous ? iterations.again : iterations.anew
  const start = packHyperparameters(previous?.hyperparameters ?? startingPoint(layout))
  const near = optimise(likeliest(start), start, nearSteps)
  const best = likeliest(near)
  const { warp: transformation, mean, scale } = best
  return { warp: transformation, mean, scale, hyperparameters: unpackHyperparameters(optimise(best, near, finalSteps)) }
}
