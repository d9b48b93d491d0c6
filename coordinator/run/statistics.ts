import type { Leader } from '../../shared/cluster/search-snapshot.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { type Constraint, violationOf } from '../search/constraint.js'
import { hypervolume } from '../search/hypervolume.js'
import { costsOf, type Objective } from '../search/objective.js'
import { ParetoArchive } from '../search/pareto-archive.js'
import { observationOf, type Verdict } from './observation.js'

/** Least and largest value so far. */
class Extent {
  low = Infinity
  high = -Infinity

  add(value: number): void {
    this.low = Math.min(this.low, value)
    this.high = Math.max(this.high, value)
  }

  /** Position in the extent, 0..1; 1, the reference, while there is no extent. */
  scaled(value: number): number {
    return this.high > this.low ? (value - this.low) / (this.high - this.low) : 1
  }
}

/** Where on its way to a whole training a candidate was when its result came. */
export interface Stage {
  /** Whether it is the candidate's first result. */
  readonly isFirst: boolean
  /** Whether it is the result of a whole training; others are not comparable with it. */
  readonly isWhole: boolean
}

const onlyStage: Stage = { isFirst: true, isWhole: true }

/** What is shown of the results so far. Its size follows the front, not the number of results. */
export class SearchStatistics {
  /** Candidates that ended with a result, whatever the rung. */
  trained = 0
  mostAccurate: Leader | null = null
  fastest: Leader | null = null
  /** Candidates that ended without a measurement, by kind of outcome. */
  readonly unsuccessful: Partial<Record<Outcome['kind'], number>> = {}
  readonly deviceClasses = new Set<string>()
  private readonly front = new ParetoArchive<string>()
  private readonly tradeOff = new ParetoArchive<null>()
  private readonly error = new Extent()
  private readonly logStep = new Extent()

  /** @param constraints what breaks them makes no front */
  constructor(
    private readonly objectives: readonly Objective[],
    private readonly constraints: readonly Constraint[] = [],
  ) {}

  tell(encoding: string, cost: NetworkCost, outcome: Verdict, { isFirst, isWhole }: Stage = onlyStage): void {
    if (isFirst) this.trained++
    if (outcome.kind !== 'succeeded') return this.count(outcome.kind)
    this.deviceClasses.add(outcome.result.deviceClass)
    if (isWhole) this.insertWhole(encoding, cost, outcome)
  }

  private insertWhole(encoding: string, cost: NetworkCost, outcome: Extract<Verdict, { kind: 'succeeded' }>): void {
    const { top1, imagesPerSecond, stepMs } = outcome.result
    this.error.add(1 - top1)
    this.logStep.add(Math.log(stepMs.median))
    const observation = observationOf(encoding, cost, outcome, 1)
    if (violationOf(observation, this.constraints) > 0) return
    const leader = { encoding, top1, imagesPerSecond }
    if (this.mostAccurate === null || top1 > this.mostAccurate.top1) this.mostAccurate = leader
    if (this.fastest === null || imagesPerSecond > this.fastest.imagesPerSecond) this.fastest = leader
    this.front.insert(costsOf(observation, this.objectives) ?? [], encoding)
    this.tradeOff.insert([1 - top1, Math.log(stepMs.median)], null)
  }

  /** A candidate that was given up or cancelled. */
  withdraw(outcome: Outcome): void {
    this.count(outcome.kind)
  }

  get frontSize(): number {
    return this.front.entries.length
  }

  /** Of error and of log step time, each scaled to the range of all candidates so far; reference (1, 1). */
  hypervolume(): number {
    const points = this.tradeOff.entries.map(({ costs: [error, logStep] }) => [this.error.scaled(error), this.logStep.scaled(logStep)])
    return hypervolume(points, [1, 1])
  }

  private count(kind: Outcome['kind']): void {
    this.unsuccessful[kind] = (this.unsuccessful[kind] ?? 0) + 1
  }
}
