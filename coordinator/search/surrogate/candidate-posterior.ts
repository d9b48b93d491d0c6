import type { FeatureMatrix } from './feature-matrix.js'
import type { GaussianProcess } from './gaussian-process.js'

/** Smallest variance, relative to the signal: rounding must not make it negative. */
const leastVariance = 1e-12

/**
 * Posterior mean and variance of a set of candidates. What an observation adds is computed once: after the process has learnt more,
 * `update` costs O(n) a candidate for each new observation, and after it has forgotten some, no kernel at all. A candidate's numbers
 * depend on nothing but the candidate and the process, not on when it joined or who is beside it.
 */
export class CandidatePosterior {
  count = 0
  private readonly columns: number
  mean = new Float64Array(0)
  private explained = new Float64Array(0)
  private scaled = new Float64Array(0)
  /** L^-1 k of every candidate, row by row. */
  private whitened = new Float64Array(0)
  private stride: number
  private known = 0

  constructor(
    private readonly process: GaussianProcess,
    candidates: FeatureMatrix,
  ) {
    this.columns = candidates.columns
    this.stride = process.size + 16
    this.append(candidates)
  }

  variance(candidate: number): number {
    return Math.max(leastVariance, 1 - this.explained[candidate] / this.process.signal) * this.process.signal
  }

  /** More candidates, after those that are there. */
  append(candidates: FeatureMatrix): void {
    const first = this.count
    const { columns } = this
    const grow = (values: Float64Array, width: number): Float64Array<ArrayBuffer> => resized(values, (first + candidates.rows) * width)
    this.count += candidates.rows
    this.mean = grow(this.mean, 1)
    this.explained = grow(this.explained, 1)
    this.scaled = grow(this.scaled, columns)
    this.whitened = grow(this.whitened, this.stride)
    this.scaled.set(candidates.scaled(this.process.factors).data.subarray(0, candidates.rows * columns), first * columns)
    this.learn(first, 0, this.known)
  }

  /** Only these candidates, in this order, which must be ascending. */
  retain(candidates: readonly number[]): void {
    const { columns } = this
    candidates.forEach((from, to) => {
      this.mean[to] = this.mean[from]
      this.explained[to] = this.explained[from]
      this.scaled.copyWithin(to * columns, from * columns, (from + 1) * columns)
      this.whitened.copyWithin(to * this.stride, from * this.stride, (from + 1) * this.stride)
    })
    this.count = candidates.length
    this.mean = this.mean.slice(0, this.count)
    this.explained = this.explained.slice(0, this.count)
    this.scaled = this.scaled.slice(0, this.count * columns)
    this.whitened = this.whitened.slice(0, this.count * this.stride)
  }

  /** Follows the process, which may have learnt at its end only (see `forget`). */
  update(): void {
    const { size } = this.process
    this.reserve(size)
    this.learn(0, this.known, size)
    this.known = size
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

  /** What observations `from` to before `to` tell of the candidates from `first` on. */
  private learn(first: number, from: number, to: number): void {
    const { process, count } = this
    for (let i = from; i < to; i++) {
      const target = process.whitenedTarget(i)
      for (let q = first, start = first * this.stride; q < count; q++, start += this.stride) {
        const value = process.whitenElement(i, process.covarianceWith(i, this.scaled, q), this.whitened, start)
        this.whitened[start + i] = value
        this.mean[q] += value * target
        this.explained[q] += value * value
      }
    }
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

function resized(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length)
  larger.set(values)
  return larger
}
