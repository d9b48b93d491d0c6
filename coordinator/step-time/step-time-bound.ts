import { normalDistribution } from '../../shared/normal-distribution.js'
import type { StepTimePrediction } from './step-time-fit.js'

/** Bounds on the step time, milliseconds; 0 and Infinity where there are none. */
export interface StepTimeBound {
  readonly minimumMs: number
  readonly maximumMs: number
}

/** Probability that a network's measured step time would be outside the bound, 0..1. */
export function probabilityOutside({ stepMs, logDeviation }: StepTimePrediction, { minimumMs, maximumMs }: StepTimeBound): number {
  const below = (bound: number): number => normalDistribution(Math.log(Math.max(0, bound) / stepMs) / logDeviation)
  return Math.min(1, Math.max(0, 1 - (below(maximumMs) - below(minimumMs))))
}
