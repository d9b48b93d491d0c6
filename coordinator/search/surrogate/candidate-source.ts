import type { Evolution } from '../evolution.js'
import type { Proposal } from '../search.js'
import type { SearchSpace } from '../search-space.js'
import type { CandidatePredictions, Surrogate } from './surrogate.js'

/** Proposals that a surrogate has predictions for, index by index. */
export interface CandidateSet {
  readonly proposals: readonly Proposal[]
  readonly predictions: CandidatePredictions
}

const children = 400
const randomGenomes = 100

/** Children of the population and a share of random genomes, all new and distinct. */
export function drawCandidates<G>(space: SearchSpace<G>, evolution: Evolution<G>, surrogate: Surrogate): CandidateSet {
  const drawn = new Map<string, { readonly proposal: Proposal; readonly genome: G }>()
  const add = (genome: G, operator: string, parents: readonly string[]): void => {
    const key = space.key(genome)
    if (!evolution.asked.has(key) && !drawn.has(key)) drawn.set(key, { proposal: { key, operator, parents }, genome })
  }
  for (let i = 0; i < children; i++) {
    const { genome, operator, parents } = evolution.makeOffspring()
    add(genome, operator, parents)
  }
  for (let i = 0; i < randomGenomes; i++) add(space.sample(evolution.rng), 'sample', [])
  const candidates = [...drawn.values()]
  return {
    proposals: candidates.map(({ proposal }) => proposal),
    predictions: surrogate.candidatesFrom(candidates.map(({ genome }) => space.features(genome))),
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

  /** Call when a new fit has replaced the surrogate. */
  follow(surrogate: Surrogate): void {
    this.predictions = surrogate.candidatesFrom(this.features)
  }
}
