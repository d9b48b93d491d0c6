import { defaultPhases } from '../../coordinator/run/phases-of.js'
import { hypervolume } from '../../coordinator/search/hypervolume.js'
import { searchOf } from '../../coordinator/run/open-search.js'
import type { Observation, Proposal } from '../../coordinator/search/search.js'
import { createSearch } from '../../coordinator/search/search-specification.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { mean } from '../../shared/mean.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import { NetworkModel } from '../../simulator/network-model.js'
import { randomStream } from '../../simulator/random-stream.js'
import { standardErrorOfMean } from '../standard-error.js'

export interface PhasesRow {
  readonly candidates: number
  /** Candidates of each phase before the last; empty = the default has none for so few. */
  readonly budgets: readonly number[]
  /** Mean hypervolume over the seeds. */
  readonly phased: number
  readonly joint: number
  /** Of the difference of the two, seed by seed, standard error of its mean; 0 of one seed. */
  readonly standardError: number
  /** Seeds in which the phases came out ahead. */
  readonly ahead: number
  readonly seeds: number
}

export interface ComparePhasesOptions {
  readonly config: SearchConfig
  readonly candidates: number
  readonly seeds: number
  readonly inFlight: number
}

/**
 * The same search with the default phases and without any, on as many candidates, if networks come to what released ones of their cost
 * come to (see AccuracyModel, StepCostModel), with deviations that follow from the network. Error and the logarithm of the step time are
 * scaled to their ranges over both searches of a seed; reference (1, 1).
 */
export function comparePhases({ config, candidates, seeds, inFlight }: ComparePhasesOptions): PhasesRow {
  const world = new KnownWorld(config)
  const phases = defaultPhases({ ...config.search, candidates })
  const pairs = Array.from({ length: seeds }, (_, i) => {
    const of = (named: typeof phases): number[][] => world.follow({ ...config, seed: i + 1, phases: named }, candidates, inFlight)
    return hypervolumes([of(phases), of([])])
  })
  const differences = pairs.map(([phased, joint]) => phased - joint)
  return {
    candidates,
    budgets: phases.flatMap(({ budget }) => budget ?? []),
    phased: mean(pairs.map(([phased]) => phased)),
    joint: mean(pairs.map(([, joint]) => joint)),
    standardError: standardErrorOfMean(differences) ?? 0,
    ahead: differences.filter((each) => each > 0).length,
    seeds,
  }
}

function hypervolumes(searches: readonly (readonly number[][])[]): number[] {
  const all = searches.flat()
  const [low, high] = [Math.min, Math.max].map((extreme) => [0, 1].map((axis) => extreme(...all.map((point) => point[axis]))))
  const scaled = (point: readonly number[]): number[] => point.map((value, axis) => (high[axis] > low[axis] ? (value - low[axis]) / (high[axis] - low[axis]) : 1))
  return searches.map((points) => hypervolume(points.map(scaled), [1, 1]))
}

/** What trainings come to, from the costs of networks. */
class KnownWorld {
  private readonly networks = new NetworkModel()

  constructor(private readonly config: SearchConfig) {}

  /** Error and logarithm of the step time of all candidates of a search. */
  follow(config: SearchConfig, candidates: number, inFlight: number): number[][] {
    const search = createSearch(searchOf({ ...config, objectives: ['top1', 'stepMs'], constraints: [] }, config.space.measuredAt.classes))
    const pending: Proposal[] = []
    const points: number[][] = []
    while (points.length < candidates) {
      const wanted = Math.min(inFlight, candidates - points.length) - pending.length
      if (wanted > 0) pending.push(...search.ask(wanted))
      const proposal = pending.shift()
      // The space has no more networks.
      if (proposal === undefined) break
      const { error, stepMs } = this.train(proposal.key)
      const observation: Observation = { key: proposal.key, objectives: { top1: 1 - error, stepMs } }
      search.tell([observation])
      points.push([error, Math.log(stepMs)])
    }
    return points
  }

  private train(encoding: string): { readonly error: number; readonly stepMs: number } {
    const genome = parseGenome(encoding)
    const { space, training } = this.config
    return this.networks.draw(genome, genomeCost(genome, space.measuredAt), training.batch, randomStream(1, 'network', encoding))
  }
}
