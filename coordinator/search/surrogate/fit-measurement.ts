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

/** An earlier fit of the same measurement. */
export interface EarlierFit {
  readonly fit: MeasurementFit
  /** Share of new results beside those that it knew. */
  readonly growth: number
}

/** Steps of the optimiser before the transformation is chosen for good, and after. */
const iterations = { near: 15, final: 30 }
/** Where an earlier fit is the start, there are fewer steps: so many as a share of its growth. */
const stepsByGrowth = 5

function stepsAfter(earlier: EarlierFit | null): { readonly near: number; readonly final: number } {
  const share = Math.min(1, stepsByGrowth * (earlier?.growth ?? Infinity))
  return { near: Math.ceil(share * iterations.near), final: Math.ceil(share * iterations.final) }
}

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
  earlier: EarlierFit | null = null,
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
  const steps = stepsAfter(earlier)
  const start = packHyperparameters(earlier?.fit.hyperparameters ?? startingPoint(layout))
  const near = optimise(likeliest(start), start, steps.near)
  const best = likeliest(near)
  const { warp: transformation, mean, scale } = best
  return { warp: transformation, mean, scale, hyperparameters: unpackHyperparameters(optimise(best, near, steps.final)) }
}
