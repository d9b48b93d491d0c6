import { type CostFit, type MeasuredStep, type Shrinkage, leverageOf, predictMs } from './cost-fit.js'
import { type ResidualProcess, correctionAt, fitResidualProcess } from './residual-process.js'
import { fitCostsByCrossValidation } from './shrinkage-choice.js'
import type { StepFeatures } from './step-features.js'

/** A predicted step time; its logarithm is taken as normal. */
export interface StepTimePrediction {
  /** Median, milliseconds. */
  readonly stepMs: number
  /** Standard deviation of the logarithm: about the relative error to expect. */
  readonly logDeviation: number
}

/** A fit, as plain data: it can be made in another thread and sent here. */
export interface StepTimeFit {
  readonly costs: CostFit
  readonly shrinkage: Shrinkage
  /** Variance of the logarithm of measured over predicted time, for networks like the examples. */
  readonly noiseVariance: number
  /** What the sum of costs leaves; null where it leaves noise alone. */
  readonly residual: ResidualProcess | null
}

/** Fewest examples for a fit: below, the spread of its errors is not known at all. */
export const fewestExamples = 3

/** Fewest examples for a correction, which has more freedom than the costs. */
const fewestForCorrection = 20

/** Examples that a correction is fitted on at most, evenly spread over the list: its time grows with their cube. */
const mostForCorrection = 250

/** Before any residual is seen the relative error is taken to be about 15 %, with the weight of two examples. */
const assumedDeviation = 0.15
const assumedWeight = 2

function noiseVarianceOf(residuals: readonly number[]): number {
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, assumedWeight * assumedDeviation ** 2)
  return squares / (assumedWeight + residuals.length)
}

function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)])
}

/**
 * A device's step time: non-negative costs of arithmetic, memory traffic and dispatch and, once there are enough examples for it, a
 * Gaussian process on the logarithm of what they leave.
 * @param examples at least `fewestExamples`, with positive times, of one device class and one precision
 */
export function fitStepTime(examples: readonly MeasuredStep[]): StepTimeFit {
  const { fit: costs, shrinkage, unseenResiduals } = fitCostsByCrossValidation(examples)
  const noiseVariance = noiseVarianceOf(unseenResiduals)
  if (examples.length < fewestForCorrection) return { costs, shrinkage, noiseVariance, residual: null }
  const learned = thinned(examples, mostForCorrection)
  const residuals = learned.map(({ features, stepMs }) => Math.log(stepMs / predictMs(costs, features)))
  return { costs, shrinkage, noiseVariance, residual: fitResidualProcess(learned.map(({ features }) => features), residuals) }
}

export function predictStep({ costs, noiseVariance, residual }: StepTimeFit, features: StepFeatures): StepTimePrediction {
  const { mean, variance } = residual === null ? { mean: 0, variance: noiseVariance } : correctionAt(residual, features)
  const logDeviation = Math.sqrt(variance + noiseVariance * leverageOf(costs, features))
  return { stepMs: predictMs(costs, features) * Math.exp(mean), logDeviation }
}
