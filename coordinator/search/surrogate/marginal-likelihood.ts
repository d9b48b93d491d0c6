import { CholeskyFactor } from './cholesky-factor.js'
import { dotProduct } from './dot-product.js'
import type { FeatureLayout } from './feature-matrix.js'
import type { GroupDistances } from './group-distances.js'
import { matern52, matern52Slope } from '../../../shared/matern.js'

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
  private readonly groups: number

  constructor(
    private readonly distances: GroupDistances,
    private readonly targets: Float64Array,
  ) {
    this.rows = distances.rows
    this.groups = distances.groups
  }

  /** Infinity where the covariance cannot be factored. */
  value(point: ArrayLike<number>): number {
    return this.valuesOf(point, [this.targets])[0]
  }

  /** As `value`, for other targets of the same rows: the covariance is factored once for all. */
  valuesOf(point: ArrayLike<number>, alternatives: readonly Float64Array[]): number[] {
    const state = this.factor(point)
    if (state === null) return alternatives.map(() => Infinity)
    return alternatives.map((targets) => this.misfit(state.factor, whiten(state.factor, targets)) + this.priors(point))
  }

  valueAndGradient(point: Float64Array, gradient: Float64Array): number {
    const state = this.factor(point)
    if (state === null) return Infinity
    const whitened = whiten(state.factor, this.targets)
    this.writeGradient(point, state, whitened, gradient)
    return this.misfit(state.factor, whitened) + this.priors(point)
  }

  private misfit(factor: CholeskyFactor, whitened: Float64Array): number {
    return (dotProduct(whitened, 0, whitened, 0, this.rows) + factor.logDeterminant()) / 2
  }

  private priors(point: ArrayLike<number>): number {
    const centre = mean(point, this.groups)
    let sum = squaredDeviation(point[this.groups], signalPrior) + squaredDeviation(point[this.groups + 1], noisePrior)
    for (let g = 0; g < this.groups; g++) sum += squaredDeviation(point[g], { mean: centre, deviation: relevanceDeviation })
    return sum
  }

  private factor(point: ArrayLike<number>): Factored | null {
    const signal = Math.exp(point[this.groups])
    const noise = Math.exp(point[this.groups + 1])
    const relevance = Float64Array.from({ length: this.groups }, (_, g) => Math.exp(point[g]))
    const factor = new CholeskyFactor()
    const weighted = this.distances.weighted(relevance)
    let pair = 0
    try {
      factor.extend(this.rows, (i, row, offset) => {
        for (let j = 0; j < i; j++, pair++) row[offset + j] = signal * matern52(weighted[pair])
        row[offset + i] = signal * (1 + jitter) + noise
      })
    } catch (error) {
      if (error instanceof RangeError) return null
      throw error
    }
    return { relevance, signal, noise, factor, weighted }
  }

  private writeGradient(point: ArrayLike<number>, state: Factored, whitened: Float64Array, gradient: Float64Array): void {
    const { relevance, signal, noise, factor, weighted } = state
    const n = this.rows
    const inverse = invertTriangle(factor)
    const weights = solveTransposed(factor, whitened)
    const slopes = new Float64Array(weighted.length)
    let signalGradient = 0
    let noiseGradient = 0
    for (let i = 0, pair = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        // (K^-1 - weights weights^T)[i][j]; column j of L^-1 is row j of `inverse`, zero before element j.
        const m = dotProduct(inverse, i * n + i, inverse, j * n + i, n - i) - weights[i] * weights[j]
        if (i === j) {
          noiseGradient += (m * noise) / 2
          signalGradient += (m * signal * (1 + jitter)) / 2
          continue
        }
        signalGradient += m * signal * matern52(weighted[pair])
        slopes[pair] = m * signal * matern52Slope(weighted[pair])
        pair++
      }
    }
    const centre = mean(point, this.groups)
    this.distances.sums(slopes).forEach((sum, g) => (gradient[g] = relevance[g] * sum + (point[g] - centre) / relevanceDeviation ** 2))
    gradient[this.groups] = signalGradient + (point[this.groups] - signalPrior.mean) / signalPrior.deviation ** 2
    gradient[this.groups + 1] = noiseGradient + (point[this.groups + 1] - noisePrior.mean) / noisePrior.deviation ** 2
  }
}

interface Factored {
  readonly relevance: Float64Array
  readonly signal: number
  readonly noise: number
  readonly factor: CholeskyFactor
  /** Squared distances of all pairs, weighted with the relevances. */
  readonly weighted: Float64Array
}

/** L^-1 b. */
function whiten(factor: CholeskyFactor, b: Float64Array): Float64Array {
  const x = b.slice()
  factor.solve(x, [0])
  return x
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
