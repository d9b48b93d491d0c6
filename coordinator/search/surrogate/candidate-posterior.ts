import { subtractProducts } from './dot-product.js'
import type { FeatureMatrix } from './feature-matrix.js'
import type { GaussianProcess } from './gaussian-process.js'

/** Smallest variance, relative to the signal: rounding must not make it negative. */
const leastVariance = 1e-12

/**
 * Posterior mean and variance of a set of candidates, some of which are in flight: these are expected to come out as predicted, so
 * that their neighbours lose their uncertainty, and the expectation of none changes.
 *
 * What an observation tells is computed once, and what candidates in flight have in common with the others is kept, so that a result
 * that was expected costs O(1) a candidate and a new candidate O(n^2). A candidate's numbers are the outcome of the same operations in
 * the same order whenever it joined and whoever is beside it: they depend on nothing but the candidate, the process and the order in
 * which others are expected.
 */
export class CandidatePosterior {
  count = 0
  mean = new Float64Array(0)
  private explained = new Float64Array(0)
  private scaled = new Float64Array(0)
  /** L^-1 k of every candidate, row by row. */
  private whitened = new Float64Array(0)
  private stride: number
  /** Observations that the process has learnt. */
  known: number
  /** Of candidates that are or were expected: their posterior covariances with all. */
  private readonly covariances = new Map<number, Float64Array>()
  /** What the expected ones explain of every candidate: rows like those of `whitened`, which continue them. */
  private continued = new Float64Array(0)
  private continuedStride = 16
  private explainedByExpected = new Float64Array(0)
  private expected = 0
  private scratch = new Float64Array(0)
  /** Candidates that the arrays have room for. */
  private capacity = 0

  constructor(
    private readonly process: GaussianProcess,
    private readonly columns: number,
  ) {
    this.known = process.size
    this.stride = spacious(process.size)
  }

  variance(candidate: number): number {
    const explained = this.explained[candidate] + this.explainedByExpected[candidate]
    return Math.max(leastVariance, 1 - explained / this.process.signal) * this.process.signal
  }

  /** More candidates, after those that are there. Expectations are void. */
  append(candidates: FeatureMatrix): void {
    this.forgetExpected()
    const first = this.count
    this.count += candidates.rows
    if (this.count > this.capacity) this.reserve(spacious(this.count), this.stride, this.continuedStride)
    this.scaled.set(candidates.scaled(this.process.factors).data.subarray(0, candidates.rows * this.columns), first * this.columns)
    this.mean.fill(0, first, this.count)
    this.explained.fill(0, first, this.count)
    this.whiten(first, 0)
    for (const [other, covariances] of this.covariances) this.covary(other, first, covariances)
  }

  /** Only these candidates, in this order, which must be ascending. Expectations are void. */
  retain(candidates: readonly number[]): void {
    this.forgetExpected()
    const move = (values: Float64Array, width: number, used = width): void => {
      candidates.forEach((from, to) => values.copyWithin(to * width, from * width, from * width + used))
    }
    move(this.mean, 1)
    move(this.explained, 1)
    move(this.scaled, this.columns)
    move(this.whitened, this.stride, this.known)
    const moved = candidates.map((from) => this.covariances.get(from))
    this.covariances.clear()
    moved.forEach((covariances, to) => {
      if (covariances === undefined) return
      move(covariances, 1)
      this.covariances.set(to, covariances)
    })
    this.count = candidates.length
  }

  /**
   * The process learns a result. Expectations are void.
   * @param candidate the one it is of, where it is among the candidates
   */
  learn(features: ArrayLike<number>, target: number, candidate: number | undefined): void {
    this.forgetExpected()
    const { process, stride } = this
    if (candidate === undefined) process.learn([{ features, target }])
    else process.learnSolved(this.scaled, candidate, this.whitened, candidate * stride, target)
    const covariances = candidate === undefined ? undefined : this.covariances.get(candidate)
    if (process.size > stride) this.reserve(this.capacity, spacious(process.size), this.continuedStride)
    if (covariances === undefined) this.whiten(0, this.known)
    else this.whitenBy(covariances)
    this.known = process.size
    for (const [other, shared] of this.covariances) this.reduce(shared, other)
  }

  /** Expects these candidates, in this order, and no others. */
  expectOnly(candidates: readonly number[]): void {
    this.forgetExpected()
    const inFlight = new Set(candidates)
    for (const candidate of this.covariances.keys()) if (!inFlight.has(candidate)) this.covariances.delete(candidate)
    for (const candidate of candidates) this.expect(candidate)
  }

  /** Expects a candidate, after those that are expected already. */
  expect(candidate: number): void {
    const at = this.expected++
    if (this.expected > this.continuedStride) this.reserve(this.capacity, this.stride, spacious(this.expected))
    const { continued, continuedStride: stride, explainedByExpected, count } = this
    const shared = this.scratch
    shared.set(this.covariancesOf(candidate))
    subtractProducts(shared, { values: continued, stride, first: 0, end: count }, candidate, at)
    const variance = shared[candidate] + this.process.diagonal - this.process.signal
    // An expectation that is certain already tells nothing: rounding must not make its variance negative.
    const deviation = Math.sqrt(Math.max(variance, leastVariance * this.process.signal))
    for (let q = 0; q < count; q++) {
      const value = shared[q] / deviation
      continued[q * stride + at] = value
      explainedByExpected[q] += value * value
    }
  }

  private forgetExpected(): void {
    this.expected = 0
    this.explainedByExpected.fill(0)
  }

  /** L^-1 k of the candidates from `first` on, from element `from` on, and what it tells of them. */
  private whiten(first: number, from: number): void {
    const { process, whitened, stride, scaled, count } = this
    const offsets = Array.from({ length: count - first }, (_, i) => (first + i) * stride)
    process.writeCovariances(scaled, { first, end: count }, whitened, stride, from)
    process.whiten(whitened, offsets, from)
    for (let q = first; q < count; q++) this.takeNote(q, from)
  }

  /** The same for the latest observation, from its posterior covariances with all. */
  private whitenBy(covariances: Float64Array): void {
    const { process, whitened, stride, count, known } = this
    const deviation = process.deviation(known)
    for (let q = 0; q < count; q++) {
      whitened[q * stride + known] = covariances[q] / deviation
      this.takeNote(q, known)
    }
  }

  private takeNote(q: number, from: number): void {
    const { process, whitened, stride } = this
    let mean = this.mean[q]
    let explained = this.explained[q]
    for (let j = from, at = q * stride + from; j < process.size; j++, at++) {
      const value = whitened[at]
      mean += value * process.whitenedTarget(j)
      explained += value * value
    }
    this.mean[q] = mean
    this.explained[q] = explained
  }

  private covariancesOf(candidate: number): Float64Array {
    const given = this.covariances.get(candidate)
    if (given !== undefined) return given
    const covariances = new Float64Array(this.capacity)
    this.covary(candidate, 0, covariances)
    this.covariances.set(candidate, covariances)
    return covariances
  }

  /** Writes a candidate's posterior covariances with those from `first` on. */
  private covary(candidate: number, first: number, covariances: Float64Array): void {
    const { process, scaled, whitened, stride, count, known } = this
    for (let q = first; q < count; q++) covariances[q] = process.covariance(scaled, candidate, scaled, q)
    subtractProducts(covariances, { values: whitened, stride, first, end: count }, candidate, known)
  }

  /** Takes the latest observation off a candidate's posterior covariances. */
  private reduce(covariances: Float64Array, candidate: number): void {
    const { whitened, stride, count, known } = this
    const own = whitened[candidate * stride + known - 1]
    for (let q = 0, at = known - 1; q < count; q++, at += stride) covariances[q] -= own * whitened[at]
  }

  private reserve(capacity: number, stride: number, continuedStride: number): void {
    const grow = (values: Float64Array, from: number, to: number): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(capacity * to)
      for (let q = 0; q < this.capacity; q++) larger.set(values.subarray(q * from, (q + 1) * from), q * to)
      return larger
    }
    this.mean = grow(this.mean, 1, 1)
    this.explained = grow(this.explained, 1, 1)
    this.explainedByExpected = grow(this.explainedByExpected, 1, 1)
    this.scratch = new Float64Array(capacity)
    this.scaled = grow(this.scaled, this.columns, this.columns)
    this.whitened = grow(this.whitened, this.stride, stride)
    this.continued = grow(this.continued, this.continuedStride, continuedStride)
    for (const [candidate, covariances] of this.covariances) this.covariances.set(candidate, grow(covariances, 1, 1))
    this.capacity = capacity
    this.stride = stride
    this.continuedStride = continuedStride
  }
}

const spacious = (size: number): number => size + Math.ceil(size / 4) + 16
