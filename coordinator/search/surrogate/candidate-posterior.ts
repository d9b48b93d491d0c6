import type { FeatureMatrix } from './feature-matrix.js'
import type { GaussianProcess } from './gaussian-process.js'

/** Smallest variance, relative to the signal: rounding must not make it negative. */
const leastVariance = 1e-12

/**
 * Posterior mean and variance of a set of candidates. What an observation adds is computed once: after the process has learnt more,
 * `update` costs O(n) a candidate for each new observation, and after it has forgotten some, no kernel at all.
 */
export class CandidatePosterior {
  readonly count: number
  readonly mean: Float64Array
  private readonly explained: Float64Array
  private readonly scaled: Float64Array
  /** L^-1 k of every candidate, row by row. */
  private whitened: Float64Array
  private stride: number
  private known = 0

  constructor(
    private readonly process: GaussianProcess,
    candidates: FeatureMatrix,
  ) {
    this.count = candidates.rows
    this.scaled = candidates.scaled(process.factors).data
    this.mean = new Float64Array(this.count)
    this.explained = new Float64Array(this.count)
    this.stride = process.size + 16
    this.whitened = new Float64Array(this.count * this.stride)
  }

  variance(candidate: number): number {
    return Math.max(leastVariance, 1 - this.explained[candidate] / this.process.signal) * this.process.signal
  }

  /** Follows the process, which may have learnt at its end only (see `forget`). */
  update(): void {
    const { process, count } = this
    this.reserve(process.size)
    for (let i = this.known; i < process.size; i++) {
      const target = process.whitenedTarget(i)
      for (let q = 0, start = 0; q < count; q++, start += this.stride) {
        const value = process.whitenElement(i, process.covarianceWith(i, this.scaled, q), this.whitened, start)
        this.whitened[start + i] = value
        this.mean[q] += value * target
        this.explained[q] += value * value
      }
    }
    this.known = process.size
  }

  /** Call before the process forgets: back to its first `size` observations. */
  forget(size: number): void {
    if (size >= this.known) return
    for (let q = 0, start = 0; q < this.count; q++, start += this.stride) {
      let mean = 0
      let explained = 0
      for (let i = 0; i < size; i++) {
        const value = this.whitened[start + i]
        mean += value * this.process.whitenedTarget(i)
        explained += value * value
      }
      this.mean[q] = mean
      this.explained[q] = explained
    }
    this.known = size
  }

  private reserve(size: number): void {
    if (size <= this.stride) return
    const stride = size + Math.ceil(size / 4) + 16
    const grown = new Float64Array(this.count * stride)
    for (let q = 0; q < this.count; q++) grown.set(this.whitened.subarray(q * this.stride, q * this.stride + this.known), q * stride)
    this.whitened = grown
    this.stride = stride
  }
}
