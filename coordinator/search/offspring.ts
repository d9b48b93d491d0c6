import type { Rng } from '../../shared/rng.js'
import type { Population } from './population.js'
import type { SearchSpace } from './search-space.js'

/** A new genome and where it came from. */
export interface Offspring<G> {
  readonly genome: G
  readonly operator: string
  readonly parents: readonly string[]
}

/** Share of children with two parents; the others are mutants of one. */
const crossoverShare = 0.5
/** Share of these that are mutated as well. */
const mutatedShare = 0.5

/** A child of the population by crossover and mutation, or by mutation alone; a random genome while there is no parent. */
export function makeOffspring<G>(space: SearchSpace<G>, population: Population, rng: Rng): Offspring<G> {
  if (population.members.length === 0) return { genome: space.sample(rng), operator: 'sample', parents: [] }
  const first = population.tournament(rng).key
  const second = rng.chance(crossoverShare) ? population.tournament(rng).key : first
  if (first === second) return { ...space.mutate(rng, space.parse(first)), parents: [first] }
  const crossed = space.crossover(rng, space.parse(first), space.parse(second))
  const genome = rng.chance(mutatedShare) ? space.mutate(rng, crossed.genome).genome : crossed.genome
  return { genome, operator: crossed.operator, parents: [first, second] }
}
