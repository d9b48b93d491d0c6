import { normalDistribution } from '../../../shared/normal-distribution.js'
import type { Constraint } from '../constraint.js'
import type { Costs } from '../objective.js'
import { hypervolumeImprovement } from './hypervolume-improvement.js'
import type { KnownCosts } from './known-costs.js'
import type { Surrogate } from './surrogate.js'

/** The reference lies this far beyond the worst known cost, as a share of the known range, so that extending the front pays. */
const beyondWorst = 0.3

/**
 * How much a candidate is worth: the hypervolume it would add under optimistic predictions, times the probability that it
 * succeeds and meets the constraints. Costs are scaled to the range known so far.
 */
export class Acquisition {
  private readonly objectives: number
  private readonly low: Costs
  private readonly range: Costs
  private readonly front: Costs[]
  /** Null = the front has changed since. */
  private improvement: ((point: Costs) => number) | null = null

  constructor(
    known: KnownCosts,
    private readonly surrogate: Surrogate,
    private readonly constraints: readonly Constraint[],
  ) {
    const { low, high } = known.range
    this.objectives = known.objectives
    this.low = [...low]
    this.range = high.map((cost, m) => cost - low[m] || 1)
    this.front = known.front.map((costs) => this.scale(costs))
  }

  /** A candidate in flight counts as if it had come out as expected. */
  expect(candidate: number): void {
    this.front.push(this.predicted(candidate, 0))
    this.improvement = null
  }

  /** Worth of a candidate when its costs are taken to be `optimism` standard deviations below what is expected. */
  value(candidate: number, optimism: number): number {
    this.improvement ??= hypervolumeImprovement(this.front, this.range.map(() => 1 + beyondWorst))
    const gained = this.improvement(this.predicted(candidate, -optimism))
    return gained > 0 ? gained * this.feasibility(candidate) : 0
  }

  /** How far below the best known cost of one objective a candidate is hoped to lie, as a share of the known range. */
  extension(candidate: number, objective: number, optimism: number): number {
    return (this.low[objective] - this.surrogate.predict(candidate, objective, -optimism)) / this.range[objective]
  }

  private scale(costs: Costs): Costs {
    return costs.map((cost, m) => (cost - this.low[m]) / this.range[m])
  }

  private predicted(candidate: number, deviations: number): Costs {
    return this.scale(Array.from({ length: this.objectives }, (_, m) => this.surrogate.predict(candidate, m, deviations)))
  }

  private feasibility(candidate: number): number {
    const { surrogate, objectives } = this
    let probability = surrogate.success(candidate)
    this.constraints.forEach(({ minimum, maximum }, i) => {
      const m = objectives + i
      const above = minimum === undefined ? 0 : normalDistribution(surrogate.deviationsTo(candidate, m, minimum))
      const below = maximum === undefined ? 1 : normalDistribution(surrogate.deviationsTo(candidate, m, maximum))
      probability *= Math.max(0, below - above)
    })
    return probability
  }
}
