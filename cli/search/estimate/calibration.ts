import type { MeasuredStep } from '../../../coordinator/step-time/cost-fit.js'
import type { TimedTraining } from '../../../coordinator/step-time/training-time-fit.js'
import type { Precision } from '../../../shared/training/specification.js'

/** What has been timed on the devices of one class, computing in one number format. */
export interface Calibration {
  readonly deviceClass: string
  readonly precision: Precision
  readonly steps: readonly MeasuredStep[]
  /** Whole trainings; there may be none. */
  readonly trainings: readonly TimedTraining[]
  /** What a training takes beside its steps, milliseconds, where no whole training tells. */
  readonly overheadMs: number
}

/** Those of the same device class and number format as one. */
export function joined(calibrations: readonly Calibration[]): Calibration[] {
  const byDevice = new Map<string, Calibration>()
  for (const each of calibrations) {
    const key = JSON.stringify([each.deviceClass, each.precision])
    const known = byDevice.get(key)
    byDevice.set(key, known === undefined ? each : { ...known, steps: [...known.steps, ...each.steps], trainings: [...known.trainings, ...each.trainings] })
  }
  return [...byDevice.values()]
}
