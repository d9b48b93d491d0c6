import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { matern52 } from '../../shared/matern.js'
import { type StepFeatures } from './step-features.js'

/** Mean and variance of a correction to the logarithm of the predicted time. */
export interface Correction {
  readonly mean: number
  readonly variance: number
}

/** A coordinate: the logarithm of one feature, standardised. */
interface Axis {
  readonly feature: number
  /** Mean of the feature; a small share of it stands for zero in the logarithm. */
  readonly scale: number
  readonly centre: number
  readonly deviation: number
}

/** A fitted process, as plain data. */
export interface ResidualProcess {
  readonly axes: readonly Axis[]
  readonly points: readonly Point[]
  readonly length: number
  readonly signal: number
  readonly noiseVariance: number
  readonly centre: number
  readonly weights: readonly number[]
  /** Inverse of the covariance of the examples, in units of the noise variance. */
  readonly precision: readonly (readonly number[])[]
}

type Point = readonly number[]

interface Hyperparameters {
  readonly length: number
  /** Variance of the process over that of the noise; 0 = there is nothing but noise. */
  readonly signal: number
}

const hyperparameters: readonly Hyperparameters[] = [
  { length: 1, signal: 0 },
  ...[0.5, 1, 2, 4].flatMap((length) => [0.3, 1, 3, 10, 100].map((signal) => ({ length, signal }))),
]

/** Share of a feature's mean that stands for zero in the logarithm. */
const logFloor = 1e-3

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const logarithm = (value: number, scale: number): number => Math.log(value / scale + logFloor)

/** Features that vary over the examples. */
function axesOf(examples: readonly StepFeatures[]): Axis[] {
  return examples[0].flatMap((_, feature) => {
    const scale = mean(examples.map((features) => features[feature]))
    if (scale === 0) return []
    const values = examples.map((features) => logarithm(features[feature], scale))
    const centre = mean(values)
    const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)))
    return deviation < 1e-9 ? [] : [{ feature, scale, centre, deviation }]
  })
}

/** Scaled so that the mean squared distance from the centre is 1 over all coordinates together. */
function pointOf(axes: readonly Axis[], features: StepFeatures): Point {
  const unit = Math.sqrt(axes.length)
  return axes.map(({ feature, scale, centre, deviation }) => (logarithm(features[feature], scale) - centre) / deviation / unit)
}

function correlation(a: Point, b: Point, length: number): number {
  let squares = 0
  for (let j = 0; j < a.length; j++) squares += (a[j] - b[j]) ** 2
  return matern52(squares / length ** 2)
}

interface Posterior {
  readonly hyperparameters: Hyperparameters
  readonly cholesky: CholeskyDecomposition
  readonly weights: Matrix
  readonly noiseVariance: number
  readonly logEvidence: number
}

function posteriorOf(points: readonly Point[], residuals: Matrix, { length, signal }: Hyperparameters): Posterior {
  const count = points.length
  const covariance = Matrix.zeros(count, count)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const value = signal * correlation(points[i], points[j], length) + (i === j ? 1 : 0)
      covariance.set(i, j, value)
      covariance.set(j, i, value)
    }
  }
  const cholesky = new CholeskyDecomposition(covariance)
  const weights = cholesky.solve(residuals)
  const noiseVariance = Math.max(1e-12, residuals.dot(weights) / count)
  const logDeterminant = 2 * cholesky.lowerTriangularMatrix.diagonal().reduce((sum, value) => sum + Math.log(value), 0)
  return { hyperparameters: { length, signal }, cholesky, weights, noiseVariance, logEvidence: -(count * Math.log(noiseVariance) + logDeterminant) / 2 }
}

/**
 * A Gaussian process on what a sum of costs leaves unexplained, with hyper-parameters by marginal likelihood (the noise variance
 * in closed form). Where nothing but noise is more likely, null.
 * @param residuals logarithms of measured over predicted time, one per example
 */
export function fitResidualProcess(examples: readonly StepFeatures[], residuals: readonly number[]): ResidualProcess | null {
  const axes = axesOf(examples)
  const points = examples.map((features) => pointOf(axes, features))
  const centre = mean(residuals)
  const column = Matrix.columnVector(residuals.map((residual) => residual - centre))
  let best = posteriorOf(points, column, hyperparameters[0])
  for (const setting of hyperparameters.slice(1)) {
    const posterior = posteriorOf(points, column, setting)
    if (posterior.logEvidence > best.logEvidence) best = posterior
  }
  const { cholesky, weights, noiseVariance } = best
  const { length, signal } = best.hyperparameters
  if (signal === 0) return null
  const precision = cholesky.solve(Matrix.eye(points.length)).to2DArray()
  return { axes, points, length, signal, noiseVariance, centre, weights: weights.to1DArray(), precision }
}

/** What the process knows of a network: near examples their residual, far from all of them their mean and a wide spread. */
export function correctionAt(fitted: ResidualProcess, features: StepFeatures): Correction {
  const { axes, points, length, signal, noiseVariance, centre, weights, precision } = fitted
  const point = pointOf(axes, features)
  const covariance = points.map((other) => signal * correlation(point, other, length))
  let shift = 0
  let explained = 0
  covariance.forEach((value, i) => {
    shift += value * weights[i]
    precision[i].forEach((entry, j) => (explained += value * entry * covariance[j]))
  })
  return { mean: centre + shift, variance: noiseVariance * Math.max(0, 1 + signal - explained) }
}
