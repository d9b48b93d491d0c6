import { Matrix, inverse } from 'ml-matrix'
import { solveNonnegative } from './nonnegative-least-squares.js'

/** A training that was timed. */
export interface TimedTraining {
  /** What its steps and evaluations take by themselves, milliseconds: their number times the time of one that nothing disturbs. */
  readonly stepsMs: number
  /** From when it was handed out to its result, milliseconds. */
  readonly durationMs: number
}

/** How long trainings take beyond their steps, as plain data. */
export interface TrainingTimeFit {
  /** What a training takes beside its steps: start, compilation, first reading of images, measurement. */
  readonly overheadMs: number
  /** How much longer steps take within a training than by themselves: waiting for images, for other trainings on the machine. */
  readonly slowdown: number
  /** Variance of the logarithm of a training's duration beside what is predicted. */
  readonly noiseVariance: number
  /** Covariance of overhead and slowdown, for a noise variance of 1. */
  readonly covariance: readonly (readonly number[])[]
}

/** Steps are taken to be no slower within a training, with the weight of a tenth of an example. */
const slowdownWeight = 0.1
/** Before any residual is seen the relative error is taken to be about 15 %, with the weight of two examples. */
const assumed = { deviation: 0.15, weight: 2 }

/** What trainings come to that are nothing but their steps and a known overhead. */
export function knownOverhead(overheadMs: number): TrainingTimeFit {
  return { overheadMs, slowdown: 1, noiseVariance: 0, covariance: [[0, 0], [0, 0]] }
}

/**
 * Overhead and slowdown by least squares on the relative error, neither negative, and both so that the examples' durations come to
 * their sum.
 * @param examples at least one, with positive durations
 */
export function fitTrainingTime(examples: readonly TimedTraining[]): TrainingTimeFit {
  const unit = examples.reduce((sum, { durationMs }) => sum + durationMs, 0) / examples.length
  const rows = new Matrix(examples.map(({ stepsMs, durationMs }) => [unit / durationMs, stepsMs / durationMs]))
  const gram = rows.transpose().mmul(rows)
  // Without a trace of a ridge, examples that are all alike leave it open what their overhead is.
  gram.set(0, 0, gram.get(0, 0) + 1e-6)
  gram.set(1, 1, gram.get(1, 1) + slowdownWeight)
  const right = rows.transpose().mmul(Matrix.ones(rows.rows, 1)).to1DArray()
  const [overhead, slowdown] = solveNonnegative(gram, [right[0], right[1] + slowdownWeight])
  const predicted = examples.map(({ stepsMs }) => overhead * unit + slowdown * stepsMs)
  const level = (unit * examples.length) / predicted.reduce((sum, value) => sum + value, 0)
  const squares = examples.reduce((sum, { durationMs }, i) => sum + Math.log(durationMs / (level * predicted[i])) ** 2, assumed.weight * assumed.deviation ** 2)
  const scale = [unit, 1]
  return {
    overheadMs: level * overhead * unit,
    slowdown: level * slowdown,
    noiseVariance: squares / (assumed.weight + examples.length),
    covariance: inverse(gram).to2DArray().map((row, i) => row.map((value, j) => value * scale[i] * scale[j])),
  }
}

/** Milliseconds of a training. */
export function trainingMs({ overheadMs, slowdown }: TrainingTimeFit, stepsMs: number): number {
  return overheadMs + slowdown * stepsMs
}

/** Variance of the relative error that all trainings of such a length have in common, since overhead and slowdown are not certain. */
export function commonVariance(fit: TrainingTimeFit, stepsMs: number): number {
  const duration = trainingMs(fit, stepsMs)
  if (duration === 0) return 0
  const shares = [1 / duration, stepsMs / duration]
  return fit.noiseVariance * shares.reduce((sum, a, i) => sum + a * shares.reduce((inner, b, j) => inner + b * fit.covariance[i][j], 0), 0)
}
