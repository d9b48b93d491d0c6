import type { MeasuredStep } from '../../coordinator/step-time/cost-fit.js'
import type { StepKind } from '../../coordinator/step-time/layer-work.js'
import { type LeaveOneOut, leaveOneOut } from '../../coordinator/step-time/leave-one-out.js'
import { type FeatureName, featureNames, stepFeatures } from '../../coordinator/step-time/step-features.js'
import { fitStepTime } from '../../coordinator/step-time/step-time-fit.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { TimedNetwork } from './read-timed-networks.js'

export interface StepSetting {
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly kind: StepKind
}

export interface StepTimeBench {
  /** Errors as shares: 0.1 is ten percent. */
  readonly leaveOneOut: Omit<LeaveOneOut, 'predictions'>
  /** Fitted on all rows: milliseconds per 10^9 multiply-accumulates, per 10^9 bytes, per 10^3 kernels, and per step. */
  readonly costs: Readonly<Record<FeatureName, number>>
  /** Whether the fit on all rows has a Gaussian process on top of its costs. */
  readonly corrected: boolean
  /** Each by a fit without it. */
  readonly predictions: readonly { readonly encoding: string; readonly measuredMs: number; readonly predictedMs: number; readonly logDeviation: number }[]
}

/** @param networks more than the fewest examples that a fit needs */
export function benchStepTimes(networks: readonly TimedNetwork[], { batch, resolution, classes, kind }: StepSetting): StepTimeBench {
  const examples = networks.map(({ genome, stepMs }): MeasuredStep => ({
    features: stepFeatures(buildLayerGraph(genome, { resolution, classes }), batch, kind),
    stepMs,
  }))
  const { predictions, ...errors } = leaveOneOut(examples)
  const { costs, residual } = fitStepTime(examples)
  return {
    leaveOneOut: errors,
    costs: Object.fromEntries(featureNames.map((name, j) => [name, costs.costs[j]])) as Record<FeatureName, number>,
    corrected: residual !== null,
    predictions: predictions.map(({ stepMs, logDeviation }, i) => ({
      encoding: networks[i].encoding,
      measuredMs: networks[i].stepMs,
      predictedMs: stepMs,
      logDeviation,
    })),
  }
}
