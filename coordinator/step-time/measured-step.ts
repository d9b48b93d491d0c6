import { InvalidInputError } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { MeasuredStep } from './cost-fit.js'
import { stepFeatures } from './step-features.js'

/** A network whose training was timed. */
export interface StepTimeExample {
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  /** Images in a step. */
  readonly batch: number
  readonly stepMs: number
}

/** @throws InvalidInputError for an encoding, size, batch or time that cannot be. */
export function measuredStep({ encoding, resolution, classes, batch, stepMs }: StepTimeExample): MeasuredStep {
  if (!Number.isInteger(batch) || batch < 1) throw new InvalidInputError(`the batch of a timed step must be a positive integer, got ${batch}`)
  if (!Number.isFinite(stepMs) || stepMs <= 0) throw new InvalidInputError(`the step time of ${encoding} must be a positive number of milliseconds, got ${stepMs}`)
  const graph = buildLayerGraph(parseGenome(encoding), { resolution, classes })
  return { features: stepFeatures(graph, batch, 'training'), stepMs }
}
