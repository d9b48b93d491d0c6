import { CholeskyFactor } from './cholesky-factor.js'
import { type FeatureLayout, FeatureMatrix, squaredDistance } from './feature-matrix.js'
import { type Hyperparameters, columnFactors, jitter } from './marginal-likelihood.js'
import { matern52 } from './matern.js'

/** Zero-mean Gaussian process with a Matern 5/2 kernel and noise that learns one observation at a time, and can forget the latest. */
export class GaussianProcess {
  readonly factors: Float64Array
  readonly signal: number
  private readonly noise: number
  private readonly inputs: FeatureMatrix
  private readonly cholesky = new CholeskyFactor()
  /** L^-1 targets. */
  private whitened = new Float64Array(64)
  private covariance = new Float64Array(64)

  constructor(layout: FeatureLayout, { logRelevance, logSignal, logNoise }: Hyperparameters) {
    this.factors = columnFactors(layout, logRelevance)
    this.signal = Math.exp(logSignal)
    this.noise = Math.exp(logNoise)
    this.inputs = new FeatureMatrix(layout.groupOfColumn.length)
  }

  get size(): number {
    return this.cholesky.size
  }

  append(features: ArrayLike<number>, target: number): void {
    const n = this.size
    this.extend(features)
    this.whitened[n] = this.cholesky.forwardElement(n, target, this.whitened)
  }

  /** Learns an observation that is yet to come as if it were to be what is expected: nothing changes but the certainty. */
  appendExpected(features: ArrayLike<number>): void {
    const n = this.size
    this.extend(features)
    this.whitened[n] = 0
  }

  /** Forgets all but the first `size` observations. */
  truncate(size: number): void {
    this.inputs.truncate(size)
    this.cholesky.truncate(size)
  }

  /** Covariance of observation i and a row of already scaled features. */
  covarianceWith(i: number, scaled: Float64Array, row: number): number {
    return this.signal * matern52(squaredDistance(this.inputs.data, i, scaled, row, this.inputs.columns))
  }

  /** Element i of L^-1 k for a candidate's covariances k, of which `solved` holds the elements before it, from `offset` on. */
  whitenElement(i: number, covariance: number, solved: Float64Array, offset: number): number {
    return this.cholesky.forwardElement(i, covariance, solved, offset)
  }

  whitenedTarget(i: number): number {
    return this.whitened[i]
  }

  private extend(features: ArrayLike<number>): void {
    const n = this.size
    this.inputs.append(Float64Array.from(features, (value, c) => value * this.factors[c]))
    if (n + 1 > this.covariance.length) {
      this.covariance = new Float64Array(2 * n + 2)
      const grown = new Float64Array(2 * n + 2)
      grown.set(this.whitened)
      this.whitened = grown
    }
    for (let j = 0; j < n; j++) this.covariance[j] = this.covarianceWith(j, this.inputs.data, n)
    this.covariance[n] = this.signal * (1 + jitter) + this.noise
    this.cholesky.append(this.covariance)
  }
}
