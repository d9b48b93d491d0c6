import { InvalidInputError } from '../../shared/errors.js'
import type { StepTimePrediction } from './step-time-fit.js'

/** A bound on the step time, milliseconds; at least one end. */
export interface StepTimeBound {
  readonly minimumMs?: number
  readonly maximumMs?: number
}

/** Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return Math.sign(x) * (1 - polynomial * Math.exp(-x * x))
}

const normalBelow = (x: number): number => (1 + errorFunction(x / Math.SQRT2)) / 2

/**
 * Probability that a network's measured step time would be outside the bound.
 * @throws InvalidInputError for a bound without ends, with an end that is not positive, or with its ends swapped.
 */
export function probabilityOutside({ stepMs, logDeviation }: StepTimePrediction, { minimumMs, maximumMs }: StepTimeBound): number {
  const ends = [minimumMs, maximumMs].filter((end) => end !== undefined)
  if (ends.length === 0 || !ends.every((end) => end > 0) || (minimumMs ?? 0) > (maximumMs ?? Infinity)) {
    throw new InvalidInputError('a bound on the step time needs a positive minimum or maximum in milliseconds, in this order')
  }
  const below = (bound: number): number => normalBelow(Math.log(bound / stepMs) / logDeviation)
  return (minimumMs === undefined ? 0 : below(minimumMs)) + (maximumMs === undefined ? 0 : 1 - below(maximumMs))
}

/** A training is expensive and a prediction is not certain: only what breaks a bound almost surely is turned away. */
export const refusalProbability = 0.95

/** Whether a network is worth training under the bound. Without a prediction every network is. */
export function admits(prediction: StepTimePrediction | null, bound: StepTimeBound): boolean {
  return prediction === null || probabilityOutside(prediction, bound) < refusalProbability
}
