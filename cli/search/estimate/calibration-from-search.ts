import { readTimedTrainings, type StoredTraining } from '../../../coordinator/store/timed-trainings.js'
import { rungsOf } from '../../../coordinator/run/fidelity.js'
import type { MeasuredStep } from '../../../coordinator/step-time/cost-fit.js'
import { measuredStep } from '../../../coordinator/step-time/measured-step.js'
import { stepsOfEpoch } from '../../../coordinator/step-time/search-hours.js'
import type { TimedTraining } from '../../../coordinator/step-time/training-time-fit.js'
import type { SearchConfig } from '../../../shared/config/search-config.js'
import { genomeCost } from '../../../shared/network/genome-cost.js'
import { parseGenome } from '../../../shared/space/parse.js'
import { type Calibration, joined } from './calibration.js'

/** Trainings of a search that are learnt from, evenly spread over it; more make no better fit. */
const mostTrainings = 1000

/** What an earlier search has timed. @throws NotFoundError when the folder holds none */
export function calibrationFromSearch(directory: string, overheadMs: number): Calibration[] {
  const { config, trainings } = readTimedTrainings(directory)
  const every = Math.max(1, trainings.length / mostTrainings)
  const chosen = Array.from({ length: Math.min(mostTrainings, trainings.length) }, (_, i) => trainings[Math.floor(i * every)])
  return joined(chosen.map((training) => calibrationOf(training, config, overheadMs)))
}

function calibrationOf(training: StoredTraining, config: SearchConfig, overheadMs: number): Calibration {
  const { deviceClass, precision } = training.result
  return { deviceClass, precision, steps: [stepOf(training, config)], trainings: wholeOf(training, config), overheadMs }
}

function stepOf({ encoding, params, rung, result }: StoredTraining, config: SearchConfig): MeasuredStep {
  const { resolution = config.training.resolution } = rungsOf(config)[rung]
  return measuredStep({ encoding, resolution, classes: classesOf(encoding, params), batch: config.training.batch, stepMs: result.stepMs.median })
}

/** A training whose time is known from its lease to its result. */
function wholeOf({ attemptMs, result: { images, epochs, stepMs } }: StoredTraining, { training: { batch } }: SearchConfig): TimedTraining[] {
  if (attemptMs === null || attemptMs <= 0 || images.train < batch) return []
  return [{ stepsMs: epochs * stepsOfEpoch(images.train, images.validation, batch) * stepMs.median, durationMs: attemptMs }]
}

/** The classes that a network of the stored size has been trained on: each has as many parameters as any other. */
function classesOf(encoding: string, params: number): number {
  const paramsAt = (classes: number): number => genomeCost(parseGenome(encoding), { resolution: 32, classes }).params
  return Math.max(1, Math.round(1 + (params - paramsAt(1)) / (paramsAt(2) - paramsAt(1))))
}
