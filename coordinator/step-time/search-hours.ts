import TinyQueue from 'tinyqueue'
import { InvalidInputError } from '../../shared/errors.js'
import type { StepTimePrediction } from './step-time-fit.js'
import { type TrainingTimeFit, commonVariance, trainingMs } from './training-time-fit.js'

/** A training as it is planned. */
export interface PlannedTraining {
  /** Of one training step. */
  readonly step: StepTimePrediction
  /** Training steps, an evaluation counted as the steps that take as long. */
  readonly steps: number
}

/** Central 90 % of what is to be expected. */
export interface Estimate {
  readonly expected: number
  readonly low: number
  readonly high: number
}

export interface SearchHours {
  /** Device hours, summed over slots. */
  readonly slotHours: Estimate
  /** From start to end, each slot taking the next training when it is free. */
  readonly wallHours: Estimate
  /** Of the logarithm of the hours. */
  readonly logDeviation: number
}

export interface SlotsAndTime {
  /** Trainings at a time. */
  readonly slots: number
  readonly time: TrainingTimeFit
}

const millisecondsPerHour = 3_600_000
const half90 = 1.6448536269514722

/** A forward pass does a third of a training step's products (forward, and gradients of weights and of inputs). */
const evaluationShare = 1 / 3

/** Training steps of one epoch and the evaluation after it. Training drops its last partial batch, evaluation keeps it. */
export function stepsOfEpoch(trainingImages: number, validationImages: number, batch: number): number {
  if (trainingImages < batch) throw new InvalidInputError(`a batch of ${batch} is larger than the ${trainingImages} training images`)
  return Math.floor(trainingImages / batch) + evaluationShare * Math.ceil(validationImages / batch)
}

/** What a training is expected to take, milliseconds. */
export function expectedMs({ step, steps }: PlannedTraining, time: TrainingTimeFit): number {
  return trainingMs(time, expectedStepsMs({ step, steps }))
}

/** A log-normal's mean lies above its median. */
const expectedStepsMs = ({ step: { stepMs, logDeviation }, steps }: PlannedTraining): number => steps * stepMs * Math.exp(logDeviation ** 2 / 2)

/** When each of the trainings ends that begin in this order, each as soon as a slot is free. */
export function endTimes(durationsMs: readonly number[], slots: number): number[] {
  const freeMs = new TinyQueue<number>(Array.from({ length: Math.min(slots, durationsMs.length) }, () => 0))
  return durationsMs.map((duration) => {
    const endMs = (freeMs.pop() as number) + duration
    freeMs.push(endMs)
    return endMs
  })
}

/**
 * Hours of a search. Their spread has three parts, none of which evens out over many trainings: the model of step time, which is taken
 * to err in the same direction for all; what a training takes beyond its steps; and which networks are trained, by which the courses
 * differ.
 * @param courses ways in which the search may go, each its trainings in the order in which they begin; at least one with at least one
 * @throws InvalidInputError for slots that are no positive integer
 */
export function estimateSearchHours(courses: readonly (readonly PlannedTraining[])[], { slots, time }: SlotsAndTime): SearchHours {
  if (!Number.isInteger(slots) || slots < 1) throw new InvalidInputError(`the slots of a planned search must be a positive integer, got ${slots}`)
  const durations = courses.map((course) => course.map((training) => expectedMs(training, time)))
  const totals = durations.map((course) => course.reduce((sum, duration) => sum + duration, 0))
  const total = mean(totals)
  const trainings = courses.flat()
  const ofModel = mean(trainings.map(({ step }) => step.logDeviation ** 2))
  const ofTime = commonVariance(time, mean(trainings.map(expectedStepsMs)))
  const squares = totals.reduce((sum, each) => sum + (each / total - 1) ** 2, 0)
  // How far another course may lie from the mean of these.
  const ofCourses = (squares / Math.max(1, totals.length - 1)) * (1 + 1 / totals.length)
  const logDeviation = Math.sqrt(ofModel + ofTime + ofCourses)
  const wall = mean(durations.map((course) => endTimes(course, slots).reduce((last, end) => Math.max(last, end))))
  const hours = (milliseconds: number): Estimate => withSpread(milliseconds / millisecondsPerHour, logDeviation)
  return { slotHours: hours(total), wallHours: hours(wall), logDeviation }
}

/** An expected value with the interval of its logarithm's standard deviation. */
export function withSpread(expected: number, logDeviation: number): Estimate {
  return { expected, low: expected * Math.exp(-half90 * logDeviation), high: expected * Math.exp(half90 * logDeviation) }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
