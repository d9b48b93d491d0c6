import { Climb } from '../coordinator/run/climb.js'
import { fidelityOf, rungsOf } from '../coordinator/run/fidelity.js'
import { observationOf, type Verdict } from '../coordinator/run/observation.js'
import { objectivesOf, searchOf } from '../coordinator/run/open-search.js'
import type { PhaseName } from '../coordinator/search/phases/phase.js'
import { createSearch } from '../coordinator/search/search-specification.js'
import type { SearchConfig } from '../shared/config/search-config.js'
import { genomeCost } from '../shared/network/genome-cost.js'
import { parseGenome } from '../shared/space/parse.js'
import { AccuracyModel } from './accuracy-model.js'
import { randomStream } from './random-stream.js'
import { referenceSize } from './reference-networks.js'

/** A training that a search would ask for. */
export interface RehearsedTraining {
  readonly encoding: string
  readonly rung: number
  /** Of the candidate's proposal; null where the search has no phases, or begins with the network. */
  readonly phase: PhaseName | null
}

export interface RehearsalOptions {
  readonly config: SearchConfig
  readonly classes: number
  /** Of a training step of the network at the resolution of the rung, milliseconds. */
  readonly stepMs: (encoding: string, rung: number) => number
  /** Seed of the accuracies; the search's own is the config's. */
  readonly seed: number
}

/**
 * The trainings that a search asks for, in order, one at a time, if networks come to what the released ones of their cost come to.
 * The search is the very one of the config: how large the networks are that it goes for depends on its algorithm.
 */
export function rehearse(options: RehearsalOptions): RehearsedTraining[] {
  const { config, classes } = options
  const search = createSearch(searchOf(config, classes))
  const climb = new Climb(config, objectivesOf(config))
  const oracle = new RehearsedResults(options)
  const trainings: RehearsedTraining[] = []
  const phaseOf = new Map<string, PhaseName | null>()
  for (let candidates = 0; ; ) {
    const promoted = climb.next()
    if (promoted === null && candidates === config.search.candidates) return trainings
    const proposal = promoted === null ? search.ask(1).at(0) : undefined
    const key = promoted?.encoding ?? proposal?.key
    // The space has no more networks.
    if (key === undefined) return trainings
    if (proposal !== undefined) phaseOf.set(key, proposal.phase ?? null)
    const candidate = promoted ?? { sequence: ++candidates, encoding: key, rung: 0, ...oracle.costOf(key) }
    const outcome = oracle.train(key, candidate.rung)
    search.tell([observationOf(key, candidate, outcome, fidelityOf(config, candidate.rung))])
    climb.tell(candidate, outcome)
    trainings.push({ encoding: key, rung: candidate.rung, phase: phaseOf.get(key) ?? null })
  }
}

class RehearsedResults {
  private readonly accuracy = new AccuracyModel()

  constructor(private readonly options: RehearsalOptions) {}

  costOf(encoding: string) {
    const { config, classes } = this.options
    return genomeCost(parseGenome(encoding), { resolution: config.training.resolution, classes })
  }

  train(encoding: string, rung: number): Verdict {
    const { config, classes, stepMs, seed } = this.options
    const { batch } = config.training
    const { epochs } = rungsOf(config)[rung]
    const median = stepMs(encoding, rung)
    const cost = genomeCost(parseGenome(encoding), referenceSize)
    const deviations = randomStream(seed, 'network', encoding).normal()
    // Not an accuracy but what ranks as accuracies do, also among networks that are too small to learn what the reference networks learnt.
    const logError = this.accuracy.logError(cost) + deviations * this.accuracy.deviation
    const result = {
      top1: -logError,
      loss: logError,
      epochs,
      imagesPerSecond: (1000 * batch) / median,
      stepMs: { median, p10: median, p90: median },
      trainingMs: 0,
      deviceClass: '',
      precision: 'float32' as const,
      images: { train: classes, validation: classes, unreadable: 0 },
    }
    return { kind: 'succeeded', result }
  }
}
