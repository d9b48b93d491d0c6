import { hypervolume } from '../../coordinator/search/hypervolume.js'
import type { Costs } from '../../coordinator/search/objective.js'
import { ParetoArchive } from '../../coordinator/search/pareto-archive.js'
import type { WholeTraining } from './training-arm.js'

/**
 * How good the front of some whole trainings is, by the hypervolume of error and of the logarithm of the MACs.
 * `hypervolume`: scaled as a zoo's is, to the range of all results, reference (1, 1); one network that hardly learns sets the scale.
 * `frontHypervolume`: scaled to the ends of the front of all results, whatever lies behind it, reference (1.1, 1.1), so that the ends
 * count too (Ishibuchi et al., 2018: How to Specify a Reference Point in Hypervolume Calculation for Fair Performance Comparison).
 */
export interface FrontMeasures {
  readonly hypervolume: number
  readonly frontHypervolume: number
}

export const measureNames = ['hypervolume', 'frontHypervolume'] as const satisfies readonly (keyof FrontMeasures)[]

const costsOf = ({ error, macs }: WholeTraining): Costs => [error, Math.log(macs)]

function scaledTo(points: readonly Costs[]): (costs: Costs) => Costs {
  const low = [0, 1].map((i) => Math.min(...points.map((costs) => costs[i])))
  const high = [0, 1].map((i) => Math.max(...points.map((costs) => costs[i])))
  return (costs) => costs.map((cost, i) => (high[i] > low[i] ? (cost - low[i]) / (high[i] - low[i]) : 0))
}

/** The measures in which `all` results, of every search that is compared, set the scale. */
export function measuresOn(all: readonly WholeTraining[]): (results: readonly WholeTraining[]) => FrontMeasures {
  const front = new ParetoArchive<null>()
  for (const result of all) front.insert(costsOf(result), null)
  const byRange = scaledTo(all.map(costsOf))
  const byFront = scaledTo(front.entries.map(({ costs }) => costs))
  return (results) => {
    const points = results.map(costsOf)
    return { hypervolume: hypervolume(points.map(byRange), [1, 1]), frontHypervolume: hypervolume(points.map(byFront), [1.1, 1.1]) }
  }
}
