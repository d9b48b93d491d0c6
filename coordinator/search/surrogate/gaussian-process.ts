import { matern52 } from '../../../shared/matern.js'
import { CholeskyFactor } from './cholesky-factor.js'
import { type FeatureLayout, FeatureMatrix, fourSquaredDistances, squaredDistance } from './feature-matrix.js'
import { type Hyperparameters, columnFactors, jitter } from './marginal-likelihood.js'

/** An observation: features, as they are, and a standardised target. */
export interface Example {
  readonly features: ArrayLike<number>
  readonly target: number
}

/** Zero-mean Gaussian process with a Matern 5/2 kernel and noise that learns many observations at once, or one at a time. */
export class GaussianProcess {
  readonly factors: Float64Array
  readonly signal: number
  /** Covariance of an observation with itself. */
  readonly diagonal: number
  private readonly inputs: FeatureMatrix
  private readonly cholesky = new CholeskyFactor()
  /** L^-1 targets. */
  private whitened = new Float64Array(64)
  private readonly distances = new Float64Array(4)

  constructor(layout: FeatureLayout, { logRelevance, logSignal, logNoise }: Hyperparameters) {
    this.factors = columnFactors(layout, logRelevance)
    this.signal = Math.exp(logSignal)
    this.diagonal = this.signal * (1 + jitter) + Math.exp(logNoise)
    this.inputs = new FeatureMatrix(layout.groupOfColumn.length)
  }

  get size(): number {
    return this.cholesky.size
  }

  learn(examples: readonly Example[]): void {
    const first = this.size
    for (const { features } of examples) this.inputs.append(Float64Array.from(features, (value, c) => value * this.factors[c]))
    this.cholesky.extend(examples.length, (i, row, offset) => {
      const { data } = this.inputs
      for (let j = 0; j < i; j++) row[offset + j] = this.covariance(data, j, data, i)
      row[offset + i] = this.diagonal
    })
    examples.forEach(({ target }, i) => this.whitenTarget(first + i, target))
  }

  /**
   * Learns an observation that is known in part.
   * @param scaled its scaled features, in one row of many
   * @param solved L^-1 k of its covariances k, from `offset` on
   */
  learnSolved(scaled: Float64Array, row: number, solved: Float64Array, offset: number, target: number): void {
    const { columns } = this.inputs
    this.inputs.append(scaled.subarray(row * columns, (row + 1) * columns))
    this.cholesky.appendSolved(solved, offset, this.diagonal)
    this.whitenTarget(this.size - 1, target)
  }

  /**
   * Covariances of candidates with the observations from `from` on.
   * @param scaled already scaled features of many; `rows` names the first and the last but one
   * @param values where they go, `stride` apart for each candidate, those of the first row of all at 0
   */
  writeCovariances(scaled: Float64Array, rows: { readonly first: number; readonly end: number }, values: Float64Array, stride: number, from: number): void {
    const { signal, size, distances } = this
    const { data, columns } = this.inputs
    let q = rows.first
    for (; q + 3 < rows.end; q += 4) {
      for (let i = from, at = q * stride + from; i < size; i++, at++) {
        fourSquaredDistances(data, i, scaled, q, columns, distances)
        values[at] = signal * matern52(distances[0])
        values[at + stride] = signal * matern52(distances[1])
        values[at + 2 * stride] = signal * matern52(distances[2])
        values[at + 3 * stride] = signal * matern52(distances[3])
      }
    }
    for (; q < rows.end; q++) {
      for (let i = from; i < size; i++) values[q * stride + i] = this.covariance(data, i, scaled, q)
    }
  }

  /** Covariance of two rows of already scaled features. */
  covariance(a: Float64Array, i: number, b: Float64Array, j: number): number {
    return this.signal * matern52(squaredDistance(a, i, b, j, this.inputs.columns))
  }

  /** L^-1 k in place, for the covariances k of several candidates; elements before `from` are solved already. */
  whiten(values: Float64Array, offsets: readonly number[], from: number): void {
    this.cholesky.solve(values, offsets, from)
  }

  whitenedTarget(i: number): number {
    return this.whitened[i]
  }

  /** Standard deviation of observation i, given those before it. */
  deviation(i: number): number {
    return this.cholesky.diagonal(i)
  }

  private whitenTarget(i: number, target: number): void {
    if (i >= this.whitened.length) {
      const grown = new Float64Array(2 * this.whitened.length)
      grown.set(this.whitened)
      this.whitened = grown
    }
    const { data } = this.cholesky
    const start = this.cholesky.rowOffset(i)
    let rest = target
    for (let j = 0; j < i; j++) rest -= data[start + j] * this.whitened[j]
    this.whitened[i] = rest / data[start + i]
  }
}
