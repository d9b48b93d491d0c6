import type { Evolution } from '../evolution.js'
import type { Proposal } from '../search.js'
import type { SearchSpace } from '../search-space.js'
import type { Surrogate } from './surrogate.js'

/** The proposals that a surrogate predicts, index by index; those in flight are among them. */
export interface CandidateSet {
  readonly proposals: readonly Proposal[]
  indexOf(key: string): number | undefined
  /** Call when a new fit has replaced the surrogate. */
  follow(surrogate: Surrogate): void
  /**
   * Makes ready for a number of picks.
   * @param inFlight keys that must be among the proposals; others that have been asked need not be
   */
  prepare(picks: number, inFlight: readonly string[]): void
  /** After the picks: keeps what is worth keeping. */
  settle(worth: (candidate: number) => number): void
}

/** New children of the population for the first pick and for each further one; a quarter as many genomes are random. */
const children = { first: 64, further: 4 }
/** Results from which on there are fewer for the first pick, since what a model of n results tells of a new candidate costs O(n^2). */
const manyResults = 128
/** Candidates that are kept for the next ask, beside those in flight. */
const kept = 100

/**
 * Children of the population and a share of random genomes, all new and distinct. The most promising ones stay from ask to ask, so
 * that each ask ranks many more than it has to make.
 */
export class CandidatePool<G> implements CandidateSet {
  proposals: Proposal[] = []
  private readonly indices = new Map<string, number>()

  /** @param proposals those kept by the ask before */
  constructor(
    private readonly space: SearchSpace<G>,
    private readonly evolution: Evolution<G>,
    private surrogate: Surrogate,
    proposals: readonly Proposal[],
  ) {
    this.join(proposals)
  }

  indexOf(key: string): number | undefined {
    return this.indices.get(key)
  }

  follow(surrogate: Surrogate): void {
    this.surrogate = surrogate
    surrogate.append(this.featuresOf(this.proposals))
  }

  prepare(picks: number, inFlight: readonly string[]): void {
    const needed = new Set(inFlight)
    this.retain(({ key }) => needed.has(key) || !this.evolution.asked.has(key))
    this.join(inFlight.filter((key) => !this.indices.has(key)).map((key) => ({ key, operator: 'sample', parents: [] })))
    const fresh = new Map<string, Proposal>()
    const add = (genome: G, operator: string, parents: readonly string[]): void => {
      const key = this.space.key(genome)
      if (!this.indices.has(key) && !fresh.has(key) && !this.evolution.asked.has(key)) fresh.set(key, { key, operator, parents })
    }
    const wanted = children.first * Math.min(1, manyResults / this.surrogate.size) + (picks - 1) * children.further
    for (let i = 0; i < wanted; i++) {
      const { genome, operator, parents } = this.evolution.makeOffspring()
      add(genome, operator, parents)
    }
    for (let i = 0; i < wanted / 4; i++) add(this.space.sample(this.evolution.rng), 'sample', [])
    this.join([...fresh.values()])
  }

  settle(worth: (candidate: number) => number): void {
    const open = this.proposals.flatMap(({ key }, candidate) => (this.evolution.asked.has(key) ? [] : [{ candidate, worth: worth(candidate) }]))
    const dropped = new Set(open.sort((a, b) => b.worth - a.worth || b.candidate - a.candidate).slice(kept).map(({ candidate }) => candidate))
    this.retain((_, candidate) => !dropped.has(candidate))
  }

  private join(proposals: readonly Proposal[]): void {
    if (proposals.length === 0) return
    this.proposals.push(...proposals)
    this.surrogate.append(this.featuresOf(proposals))
    this.index()
  }

  private retain(isKept: (proposal: Proposal, candidate: number) => boolean): void {
    const candidates = this.proposals.flatMap((proposal, candidate) => (isKept(proposal, candidate) ? [candidate] : []))
    if (candidates.length === this.proposals.length) return
    this.proposals = candidates.map((candidate) => this.proposals[candidate])
    this.surrogate.retain(candidates)
    this.index()
  }

  private index(): void {
    this.indices.clear()
    this.proposals.forEach(({ key }, candidate) => this.indices.set(key, candidate))
  }

  private featuresOf(proposals: readonly Proposal[]): number[][] {
    return proposals.map(({ key }) => this.space.features(this.space.parse(key)))
  }
}

/** The genomes of a listed space, with predictions that follow one surrogate from ask to ask. */
export class ListedCandidates<G> implements CandidateSet {
  readonly proposals: readonly Proposal[]
  private readonly features: readonly (readonly number[])[]
  private readonly indices: ReadonlyMap<string, number>

  constructor(space: SearchSpace<G>, surrogate: Surrogate) {
    const { enumeration } = space
    const genomes = Array.from({ length: enumeration?.size ?? 0 }, (_, i) => (enumeration as NonNullable<typeof enumeration>).at(i))
    this.proposals = genomes.map((genome) => ({ key: space.key(genome), operator: 'sample', parents: [] }))
    this.indices = new Map(this.proposals.map(({ key }, candidate) => [key, candidate]))
    this.features = genomes.map((genome) => space.features(genome))
    this.follow(surrogate)
  }

  indexOf(key: string): number | undefined {
    return this.indices.get(key)
  }

  follow(surrogate: Surrogate): void {
    surrogate.append(this.features)
  }

  prepare(): void {
    // The list is always complete.
  }

  settle(): void {
    // What was asked is passed over.
  }
}
