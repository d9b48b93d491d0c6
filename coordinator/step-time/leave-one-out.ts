import type { MeasuredStep } from './cost-fit.js'
import { type StepTimePrediction, fitStepTime, predictStep } from './step-time-fit.js'

/** How well each example is predicted by a fit that did not see it, with everything chosen anew. */
export interface LeaveOneOut {
  /** Number of examples where each was left out alone, else the number of groups left out together. */
  readonly folds: number
  /** Mean of |predicted - measured| / measured. */
  readonly mape: number
  readonly medianError: number
  readonly largestError: number
  /** Share of examples inside the interval that is to hold 90 % of them. */
  readonly within90: number
  readonly predictions: readonly StepTimePrediction[]
}

/** Half width of a normal distribution's central 90 %, in standard deviations. */
const half90 = 1.6448536269514722

/** Beyond this number of examples they are left out in groups, since leaving out one of hundreds hardly differs and takes hours. */
const mostAlone = 100
const groups = 20

function predictUnseen(examples: readonly MeasuredStep[], folds: number): StepTimePrediction[] {
  const predictions: StepTimePrediction[] = []
  for (let fold = 0; fold < folds; fold++) {
    const fit = fitStepTime(examples.filter((_, i) => i % folds !== fold))
    for (let i = fold; i < examples.length; i += folds) predictions[i] = predictStep(fit, examples[i].features)
  }
  return predictions
}

/** @param examples more than `fewestExamples` */
export function leaveOneOut(examples: readonly MeasuredStep[]): LeaveOneOut {
  const folds = examples.length <= mostAlone ? examples.length : groups
  const predictions = predictUnseen(examples, folds)
  const errors = predictions.map(({ stepMs }, i) => Math.abs(stepMs / examples[i].stepMs - 1))
  const inside = predictions.filter(({ stepMs, logDeviation }, i) => Math.abs(Math.log(examples[i].stepMs / stepMs)) <= half90 * logDeviation)
  const sorted = [...errors].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return {
    folds,
    mape: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    medianError: (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2,
    largestError: sorted[sorted.length - 1],
    within90: inside.length / examples.length,
    predictions,
  }
}
