import type { ObjectiveName } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { Observation } from '../search/search.js'

/** Outcomes that teach the search something; the others end a candidate without an evaluation. */
export type Verdict = Exclude<Outcome, { kind: 'cancelled' | 'failed' }>

export function isVerdict(outcome: Outcome): outcome is Verdict {
  return outcome.kind !== 'cancelled' && outcome.kind !== 'failed'
}

/** What the search is told of an outcome. @param fidelity share of a whole training, 0..1 */
export function observationOf(key: string, cost: NetworkCost, outcome: Verdict, fidelity: number): Observation {
  const objectives = outcome.kind === 'succeeded' ? measurements(cost, outcome) : null
  return { key, objectives, ...(fidelity === 1 ? {} : { fidelity }), ...(outcome.kind === 'succeeded' && { deviceClass: outcome.result.deviceClass }) }
}

function measurements({ params, macs, activations }: NetworkCost, { result }: Extract<Outcome, { kind: 'succeeded' }>): Record<ObjectiveName, number> {
  return { top1: result.top1, imagesPerSecond: result.imagesPerSecond, stepMs: result.stepMs.median, params, macs, activations }
}
