import type { Costs } from '../objective.js'
import { ParetoArchive } from '../pareto-archive.js'

/** Least and largest cost of every objective. */
export interface CostRange {
  readonly low: Costs
  readonly high: Costs
}

class Extent implements CostRange {
  count = 0
  readonly low: number[]
  readonly high: number[]

  constructor(objectives: number) {
    this.low = new Array<number>(objectives).fill(Infinity)
    this.high = new Array<number>(objectives).fill(-Infinity)
  }

  add(costs: Costs): void {
    this.count++
    costs.forEach((cost, m) => {
      this.low[m] = Math.min(this.low[m], cost)
      this.high[m] = Math.max(this.high[m], cost)
    })
  }
}

/** What candidates have to beat: the front of the results and their range, kept up to date one result at a time. */
export class KnownCosts {
  private readonly measured: Extent
  private readonly feasible: Extent
  private readonly archive = new ParetoArchive<null>()

  constructor(readonly objectives: number) {
    this.measured = new Extent(objectives)
    this.feasible = new Extent(objectives)
  }

  /** @param violation of the constraints; 0 = feasible */
  add(costs: Costs, violation: number): void {
    this.measured.add(costs)
    if (violation > 0) return
    this.feasible.add(costs)
    this.archive.insert(costs, null)
  }

  get count(): number {
    return this.measured.count
  }

  /** Of the feasible results, or of all while there are not two of them. */
  get range(): CostRange {
    return this.feasible.count > 1 ? this.feasible : this.measured
  }

  /** Costs of the feasible results that no other dominates. */
  get front(): readonly Costs[] {
    return this.archive.entries.map(({ costs }) => costs)
  }
}
