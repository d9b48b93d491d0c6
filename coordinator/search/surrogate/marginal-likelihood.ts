import { CholeskyFactor, dotProduct } from './cholesky-factor.js'
import { type FeatureLayout, type FeatureMatrix, squaredDistance } from './feature-matrix.js'
import { matern52, matern52Slope } from './matern.js'

/** Parameters of a Gaussian process on standardised targets. Plain JSON. */
export interface Hyperparameters {
  /** Log relevance (inverse squared length scale) of every feature group. */
  readonly logRelevance: readonly number[]
  /** Log variance of the function. */
  readonly logSignal: number
  /** Log variance of the noise. */
  readonly logNoise: number
}

/** Relative to the signal; keeps the matrix positive definite where rows repeat. */
export const jitter = 1e-8

/** Spread of the log relevances around their mean: groups share one scale unless the data says otherwise. */
const relevanceDeviation = 1
const signalPrior = { mean: 0, deviation: 1.5 }
const noisePrior = { mean: -5, deviation: 2.5 }

/** Bounds of the parameters in the order of `packHyperparameters`. */
export function hyperparameterBounds(groups: number): { readonly low: number[]; readonly high: number[] } {
  const relevance = (value: number): number[] => Array.from({ length: groups }, () => value)
  return { low: [...relevance(-12), -4, -12], high: [...relevance(6), 4, 2] }
}

export function packHyperparameters({ logRelevance, logSignal, logNoise }: Hyperparameters): number[] {
  return [...logRelevance, logSignal, logNoise]
}

export function unpackHyperparameters(point: ArrayLike<number>): Hyperparameters {
  const values = Array.from(point)
  return { logRelevance: values.slice(0, -2), logSignal: values[values.length - 2], logNoise: values[values.length - 1] }
}

/** Factor of every column: the square root of its group's relevance. */
export function columnFactors({ groupOfColumn }: FeatureLayout, logRelevance: ArrayLike<number>): Float64Array {
  return Float64Array.from(groupOfColumn, (group) => Math.exp(logRelevance[group] / 2))
}

function squaredDeviation(value: number, { mean, deviation }: { readonly mean: number; readonly deviation: number }): number {
  return ((value - mean) / deviation) ** 2 / 2
}

function mean(values: ArrayLike<number>, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[i]
  return sum / count
}

/**
 * Negative log posterior of hyper-parameters, up to a constant: the marginal likelihood of standardised targets under a Matern 5/2
 * process with noise (Rasmussen and Williams, 2006, equations 2.30 and 5.9) and the priors above.
 */
export class MarginalLikelihood {
  private readonly rows: number
  private readonly columns: number
  private readonly groups: number

  constructor(
    private readonly layout: FeatureLayout,
    private readonly features: FeatureMatrix,
    private readonly targets: Float64Array,
  ) {
    this.rows = features.rows
    this.columns = features.columns
    this.groups = layout.groups
  }

  /** Infinity where the covariance cannot be factored. */
  value(point: ArrayLike<number>): number {
    const state = this.factor(point)
    return state === null ? Infinity : state.value + this.priors(point)
  }

  valueAndGradient(point: Float64Array, gradient: Float64Array): number {
    const state = this.factor(point)
    if (state === null) return Infinity
    this.writeGradient(point, state, gradient)
    return state.value + this.priors(point)
  }

  private priors(point: ArrayLike<number>): number {
    const centre = mean(point, this.groups)
    let sum = squaredDeviation(point[this.groups], signalPrior) + squaredDeviation(point[this.groups + 1], noisePrior)
    for (let g = 0; g < this.groups; g++) sum += squaredDeviation(point[g], { mean: centre, deviation: relevanceDeviation })
    return sum
  }

  private factor(point: ArrayLike<number>): Factored | null {
    const scaled = this.features.scaled(columnFactors(this.layout, point)).data
    const signal = Math.exp(point[this.groups])
    const noise = Math.exp(point[this.groups + 1])
    const factor = new CholeskyFactor()
    const distances = new Float64Array((this.rows * (this.rows + 1)) / 2)
    const row = new Float64Array(this.rows)
    const whitened = new Float64Array(this.rows)
    try {
      for (let i = 0, at = 0; i < this.rows; i++) {
        for (let j = 0; j < i; j++, at++) {
          distances[at] = squaredDistance(scaled, i, scaled, j, this.columns)
          row[j] = signal * matern52(distances[at])
        }
        at++
        row[i] = signal * (1 + jitter) + noise
        factor.append(row)
        whitened[i] = factor.forwardElement(i, this.targets[i], whitened)
      }
    } catch (error) {
      if (error instanceof RangeError) return null
      throw error
    }
    const value = (dotProduct(whitened, 0, whitened, 0, this.rows) + factor.logDeterminant()) / 2
    return { scaled, signal, noise, factor, distances, whitened, value }
  }

  private writeGradient(point: ArrayLike<number>, { scaled, signal, noise, factor, distances, whitened }: Factored, gradient: Float64Array): void {
    const n = this.rows
    const inverse = invertTriangle(factor)
    const weights = solveTransposed(factor, whitened)
    const slopes = new Float64Array(n * n)
    const slopeSums = new Float64Array(n)
    let signalGradient = 0
    let noiseGradient = 0
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        // (K^-1 - weights weights^T)[i][j]; column j of L^-1 is row j of `inverse`, zero before element j.
        const m = dotProduct(inverse, i * n + i, inverse, j * n + i, n - i) - weights[i] * weights[j]
        if (i === j) {
          noiseGradient += (m * noise) / 2
          signalGradient += (m * signal * (1 + jitter)) / 2
          continue
        }
        const distance = distances[(i * (i + 1)) / 2 + j]
        signalGradient += m * signal * matern52(distance)
        const slope = m * signal * matern52Slope(distance)
        slopes[i * n + j] = slope
        slopes[j * n + i] = slope
        slopeSums[i] += slope
        slopeSums[j] += slope
      }
    }
    gradient.fill(0)
    this.addRelevanceGradient(scaled, slopes, slopeSums, gradient)
    const centre = mean(point, this.groups)
    for (let g = 0; g < this.groups; g++) gradient[g] += (point[g] - centre) / relevanceDeviation ** 2
    gradient[this.groups] = signalGradient + (point[this.groups] - signalPrior.mean) / signalPrior.deviation ** 2
    gradient[this.groups + 1] = noiseGradient + (point[this.groups + 1] - noisePrior.mean) / noisePrior.deviation ** 2
  }

  /** For each column z: half the sum of slopes[i][j] (z_i - z_j)^2 = the sum of z_i^2 slopeSums[i] - z_i (slopes z)_i. */
  private addRelevanceGradient(scaled: Float64Array, slopes: Float64Array, slopeSums: Float64Array, gradient: Float64Array): void {
    const { rows, columns } = this
    const products = new Float64Array(columns)
    for (let i = 0; i < rows; i++) {
      products.fill(0)
      for (let j = 0; j < rows; j++) {
        const slope = slopes[i * rows + j]
        for (let c = 0, at = j * columns; c < columns; c++, at++) products[c] += slope * scaled[at]
      }
      for (let c = 0, at = i * columns; c < columns; c++, at++) {
        gradient[this.layout.groupOfColumn[c]] += scaled[at] * (scaled[at] * slopeSums[i] - products[c])
      }
    }
  }
}

interface Factored {
  readonly scaled: Float64Array
  readonly signal: number
  readonly noise: number
  readonly factor: CholeskyFactor
  /** Squared distances below the diagonal, packed like the factor. */
  readonly distances: Float64Array
  /** L^-1 targets. */
  readonly whitened: Float64Array
  readonly value: number
}

/** The columns of L^-1 as rows of a full matrix. */
function invertTriangle(factor: CholeskyFactor): Float64Array {
  const n = factor.size
  const { data } = factor
  const inverse = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    inverse[j * n + j] = 1 / data[factor.rowOffset(j) + j]
    for (let i = j + 1; i < n; i++) {
      const start = factor.rowOffset(i)
      inverse[j * n + i] = -dotProduct(data, start + j, inverse, j * n + j, i - j) / data[start + i]
    }
  }
  return inverse
}

/** L^-T b. */
function solveTransposed(factor: CholeskyFactor, b: Float64Array): Float64Array {
  const { data } = factor
  const x = b.slice()
  for (let i = factor.size - 1; i >= 0; i--) {
    const start = factor.rowOffset(i)
    x[i] /= data[start + i]
    for (let k = 0; k < i; k++) x[k] -= data[start + k] * x[i]
  }
  return x
}
