import type { Constraint } from '../constraint.js'
import { nonDominatedSort } from '../non-dominated-sort.js'
import type { Costs } from '../objective.js'
import { hypervolumeImprovement } from './hypervolume-improvement.js'
import type { CandidatePredictions } from './surrogate.js'
import type { ModelResult } from './training-rows.js'

/** The reference lies this far beyond the worst known cost, as a share of the known range, so that extending the front pays. */
const beyondWorst = 0.3

/**
 * How much a candidate is worth: the hypervolume it would add under optimistic predictions, times the probability that it
 * succeeds and meets the constraints. Costs are scaled to the range known so far.
 */
export class Acquisition {
  private readonly low: number[]
  private readonly range: number[]
  private readonly front: Costs[]
  private improvement: (point: Costs) => number

  constructor(
    results: readonly ModelResult[],
    private readonly objectives: number,
    private readonly constraints: readonly Constraint[],
  ) {
    const measured = results.flatMap(({ measurements, violation }) => (measurements === null ? [] : [{ costs: measurements.slice(0, objectives), violation }]))
    const feasible = measured.filter(({ violation }) => violation === 0)
    const known = (feasible.length > 1 ? feasible : measured).map(({ costs }) => costs)
    const each = Array.from({ length: objectives }, (_, m) => m)
    this.low = each.map((m) => known.reduce((least, costs) => Math.min(least, costs[m]), Infinity))
    this.range = each.map((m) => known.reduce((largest, costs) => Math.max(largest, costs[m]), -Infinity) - this.low[m] || 1)
    const scaled = feasible.map(({ costs }) => this.scale(costs))
    const ranks = nonDominatedSort(scaled)
    this.front = scaled.filter((_, i) => ranks[i] === 0)
    this.improvement = this.improvementOver(this.front)
  }

  /** A candidate in flight counts as if it had come out as expected. */
  expect(predictions: CandidatePredictions, candidate: number): void {
    this.front.push(this.predicted(predictions, candidate, 0))
    this.improvement = this.improvementOver(this.front)
  }

  /** Worth of a candidate when its costs are taken to be `optimism` standard deviations below what is expected. */
  value(predictions: CandidatePredictions, candidate: number, optimism: number): number {
    const gained = this.improvement(this.predicted(predictions, candidate, -optimism))
    return gained > 0 ? gained * this.feasibility(predictions, candidate) : 0
  }

  /** How far below the best known cost of one objective a candidate is hoped to lie, as a share of the known range. */
  extension(predictions: CandidatePredictions, candidate: number, objective: number, optimism: number): number {
    return -this.predicted(predictions, candidate, -optimism)[objective]
  }

  private improvementOver(front: readonly Costs[]): (point: Costs) => number {
    return hypervolumeImprovement(front, this.low.map(() => 1 + beyondWorst))
  }

  private scale(costs: Costs): Costs {
    return costs.map((cost, m) => (cost - this.low[m]) / this.range[m])
  }

  private predicted(predictions: CandidatePredictions, candidate: number, deviations: number): Costs {
    return this.scale(Array.from({ length: this.objectives }, (_, m) => predictions.predict(candidate, m, deviations)))
  }

  private feasibility(predictions: CandidatePredictions, candidate: number): number {
    let probability = predictions.success(candidate)
    this.constraints.forEach(({ minimum, maximum }, i) => {
      const m = this.objectives + i
      const above = minimum === undefined ? 0 : normalDistribution(predictions.deviationsTo(candidate, m, minimum))
      const below = maximum === undefined ? 1 : normalDistribution(predictions.deviationsTo(candidate, m, maximum))
      probability *= Math.max(0, below - above)
    })
    return probability
  }
}

/** Standard normal distribution function, within 7.5e-8 (Abramowitz and Stegun, 1964, 26.2.17). */
export function normalDistribution(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series
  return x >= 0 ? 1 - tail : tail
}
