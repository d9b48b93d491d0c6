import { InvalidInputError } from '../../shared/errors.js'
import type { StepTimePrediction } from './step-time-fit.js'

/** A search as it is planned. */
export interface SearchPlan {
  readonly trainings: number
  readonly epochs: number
  readonly trainingImages: number
  readonly validationImages: number
  readonly batch: number
  /** Trainings at a time. */
  readonly slots: number
  /** What a training takes beside its steps: start, compilation, measurement, milliseconds. */
  readonly overheadMs: number
}

export interface Estimate {
  readonly expected: number
  /** Ends of the central 90 %. */
  readonly low: number
  readonly high: number
}

export interface SearchHours {
  /** Device hours, summed over slots. */
  readonly slotHours: Estimate
  /** From start to end, with all slots busy. */
  readonly wallHours: Estimate
}

const millisecondsPerHour = 3_600_000
const half90 = 1.6448536269514722

/** A forward pass does a third of a training step's products (forward, and gradients of weights and of inputs). */
const evaluationShare = 1 / 3

/** Training drops its last partial batch, evaluation keeps it. */
function stepsOf({ epochs, trainingImages, validationImages, batch }: SearchPlan): number {
  return epochs * Math.floor(trainingImages / batch) + evaluationShare * Math.ceil(validationImages / batch)
}

function checkPlan(plan: SearchPlan): void {
  for (const name of ['trainings', 'epochs', 'trainingImages', 'batch', 'slots'] as const) {
    if (!Number.isInteger(plan[name]) || plan[name] < 1) throw new InvalidInputError(`${name} of a planned search must be a positive integer, got ${plan[name]}`)
  }
  if (plan.trainingImages < plan.batch) throw new InvalidInputError(`a batch of ${plan.batch} is larger than the ${plan.trainingImages} training images`)
}

/**
 * Hours of a search whose candidates are like the sampled networks. The spread has two parts: which networks are drawn, which
 * evens out over many trainings, and the model's error, which is taken as common to all and does not.
 * @param predictions step times of networks sampled from the search's space, at the plan's batch; at least one
 * @throws InvalidInputError for an impossible plan
 */
export function estimateSearchHours(predictions: readonly StepTimePrediction[], plan: SearchPlan): SearchHours {
  checkPlan(plan)
  if (predictions.length === 0) throw new InvalidInputError('an estimate needs the predicted step time of at least one network')
  const { trainings, slots, overheadMs } = plan
  // A log-normal's mean lies above its median.
  const means = predictions.map(({ stepMs, logDeviation }) => stepMs * Math.exp(logDeviation ** 2 / 2))
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length
  const drawn = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, means.length - 1)
  const common = predictions.reduce((sum, { logDeviation }) => sum + logDeviation ** 2, 0) / predictions.length
  const relative = Math.sqrt((drawn / mean ** 2) * (1 / trainings + 1 / means.length) + common)
  const hours = (stepMs: number): number => (trainings * (stepsOf(plan) * stepMs + overheadMs)) / millisecondsPerHour
  const slotHours = { expected: hours(mean), low: hours(mean * Math.exp(-half90 * relative)), high: hours(mean * Math.exp(half90 * relative)) }
  const busy = Math.min(slots, trainings)
  return { slotHours, wallHours: { expected: slotHours.expected / busy, low: slotHours.low / busy, high: slotHours.high / busy } }
}
