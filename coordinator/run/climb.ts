import type { SearchConfig } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import { type Constraint, violationOf } from '../search/constraint.js'
import type { ConstrainedCosts } from '../search/dominance.js'
import { costsOf, type Objective } from '../search/objective.js'
import { RungLadder } from '../search/rungs/rung-ladder.js'
import { rungsOf } from './fidelity.js'
import { observationOf, type Verdict } from './observation.js'
import type { PendingCandidate } from './starting-point.js'

/** Sign kept: people compare these quantities by ratio. */
const logarithm = (value: number): number => Math.sign(value) * Math.log(Math.max(Math.abs(value), Number.MIN_VALUE))

/**
 * What a result is worth beside the others of its rung; null = it has no measurement. Accuracy is judged by the training loss of the
 * rung's last epoch: while the learning rate is high, the accuracy of one evaluation says less of what a whole training would reach
 * than the mean over all steps of an epoch (Ru et al., 2021: Speedy Performance Estimation for Neural Architecture Search).
 */
function climbingCosts(encoding: string, cost: NetworkCost, outcome: Verdict, objectives: readonly Objective[], constraints: readonly Constraint[]): ConstrainedCosts | null {
  const observation = observationOf(encoding, cost, outcome, 1)
  const costs = costsOf(observation, objectives)
  if (costs === null || outcome.kind !== 'succeeded') return null
  const { loss } = outcome.result
  return { costs: costs.map((value, i) => (objectives[i].name === 'top1' ? loss : logarithm(value))), violation: violationOf(observation, constraints) }
}

/** The climb of a search's candidates from rung to rung; of a search without rungs, there is none. */
export class Climb {
  private readonly ladder: RungLadder<PendingCandidate>

  constructor(
    private readonly config: SearchConfig,
    private readonly objectives: readonly Objective[],
  ) {
    this.ladder = new RungLadder(rungsOf(config).length, config.search.reduction)
  }

  get counts(): { readonly epochs: number; readonly results: number; readonly promoted: number }[] {
    return this.ladder.counts.map((count, rung) => ({ epochs: rungsOf(this.config)[rung].epochs, ...count }))
  }

  tell(candidate: PendingCandidate, outcome: Verdict): void {
    // The one rung of a search without keeps nothing.
    if (this.config.rungs === undefined) return
    this.ladder.add(candidate.rung, candidate, climbingCosts(candidate.encoding, candidate, outcome, this.objectives, this.config.constraints))
  }

  /** As a store has it: a candidate that has gone, or is on its way, up to a rung. */
  restore(sequence: number, rung: number): void {
    for (let each = 1; each <= rung; each++) this.ladder.promote({ candidate: { sequence }, rung: each })
  }

  /** Whether somebody has earned a promotion. */
  get isDue(): boolean {
    return this.ladder.due() !== null
  }

  /** Makes the promotion that is due. @returns the candidate on its new rung; null = none is due */
  next(): PendingCandidate | null {
    const due = this.ladder.due()
    if (due === null) return null
    this.ladder.promote(due)
    return { ...due.candidate, rung: due.rung }
  }
}
