import type { Evolution } from '../evolution.js'
import type { Proposal } from '../search.js'
import type { SearchSpace } from '../search-space.js'
import type { CandidatePredictions, Surrogate } from './surrogate.js'

/** Proposals that a surrogate has predictions for, index by index. */
export interface CandidateSet {
  readonly proposals: readonly Proposal[]
  readonly predictions: CandidatePredictions
  /** Call when a new fit has replaced the surrogate. */
  follow(surrogate: Surrogate): void
  /** Makes ready for a number of picks. */
  prepare(picks: number): void
  /** After the picks: keeps what is worth keeping. */
  settle(worth: (candidate: number) => number): void
}

/** New children of the population, and random genomes, for the first pick and for each further one. */
const children = { first: 64, further: 4 }
const randomGenomes = { first: 16, further: 1 }
/** Candidates that are kept for the next ask. */
const kept = 150

/**
 * Children of the population and a share of random genomes, all new and distinct. The most promising ones stay from ask to ask, so
 * that each ask ranks many more than it has to make.
 */
export class CandidatePool<G> implements CandidateSet {
  proposals: Proposal[] = []
  private predicted: CandidatePredictions

  /** @param proposals those kept by the ask before */
  constructor(
    private readonly space: SearchSpace<G>,
    private readonly evolution: Evolution<G>,
    surrogate: Surrogate,
    proposals: readonly Proposal[],
  ) {
    this.predicted = surrogate.candidatesFrom([])
    this.join(proposals)
  }

  get predictions(): CandidatePredictions {
    return this.predicted
  }

  follow(surrogate: Surrogate): void {
    this.predicted = surrogate.candidatesFrom(this.featuresOf(this.proposals))
  }

  prepare(picks: number): void {
    this.retain(this.proposals.flatMap(({ key }, i) => (this.evolution.asked.has(key) ? [] : [i])))
    const known = new Set(this.proposals.map(({ key }) => key))
    const fresh: Proposal[] = []
    const add = (genome: G, operator: string, parents: readonly string[]): void => {
      const key = this.space.key(genome)
      if (known.has(key) || this.evolution.asked.has(key)) return
      known.add(key)
      fresh.push({ key, operator, parents })
    }
    for (let i = 0; i < children.first + (picks - 1) * children.further; i++) {
      const { genome, operator, parents } = this.evolution.makeOffspring()
      add(genome, operator, parents)
    }
    for (let i = 0; i < randomGenomes.first + (picks - 1) * randomGenomes.further; i++) add(this.space.sample(this.evolution.rng), 'sample', [])
    this.join(fresh)
  }

  settle(worth: (candidate: number) => number): void {
    const open = this.proposals.flatMap(({ key }, candidate) => (this.evolution.asked.has(key) ? [] : [{ candidate, worth: worth(candidate) }]))
    const best = open.sort((a, b) => b.worth - a.worth || b.candidate - a.candidate).slice(0, kept)
    this.retain(best.map(({ candidate }) => candidate).sort((a, b) => a - b))
  }

  private join(proposals: readonly Proposal[]): void {
    this.proposals.push(...proposals)
    this.predicted.append(this.featuresOf(proposals))
  }

  private retain(candidates: readonly number[]): void {
    if (candidates.length === this.proposals.length) return
    this.proposals = candidates.map((candidate) => this.proposals[candidate])
    this.predicted.retain(candidates)
  }

  private featuresOf(proposals: readonly Proposal[]): number[][] {
    return proposals.map(({ key }) => this.space.features(this.space.parse(key)))
  }
}

/** The genomes of a listed space, with predictions that follow one surrogate from ask to ask. */
export class ListedCandidates<G> implements CandidateSet {
  readonly proposals: readonly Proposal[]
  predictions: CandidatePredictions
  private readonly features: readonly (readonly number[])[]

  constructor(space: SearchSpace<G>, surrogate: Surrogate) {
    const { enumeration } = space
    const genomes = Array.from({ length: enumeration?.size ?? 0 }, (_, i) => (enumeration as NonNullable<typeof enumeration>).at(i))
    this.proposals = genomes.map((genome) => ({ key: space.key(genome), operator: 'sample', parents: [] }))
    this.features = genomes.map((genome) => space.features(genome))
    this.predictions = surrogate.candidatesFrom(this.features)
  }

  follow(surrogate: Surrogate): void {
    this.predictions = surrogate.candidatesFrom(this.features)
  }

  prepare(): void {
    // The list is always complete.
  }

  settle(): void {
    // What was asked is passed over.
  }
}
