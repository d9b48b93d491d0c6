import type { Rng } from '../rng.js'
import { admit } from './admit.js'
import type { SpaceBounds } from './bounds.js'
import { canonicalEncoding } from './canonical.js'
import { formatGenome } from './format.js'
import type { Genome } from './genome.js'
import { type Offspring, mutate } from './mutate.js'

/** The block of one network in the macro structure (and stem) of the other, or null where that is invalid or outside the bounds. */
export function combine(block: Genome, macro: Genome, bounds: SpaceBounds): Genome | null {
  return admit({ ...macro, block: block.block }, bounds)
}

/**
 * A child with the block of one parent and the macro half (macro string and stem) of the other, in a random one of both ways. Where
 * neither gives a network other than the parents, a mutation of one parent takes its place and is named as such.
 */
export function crossover(rng: Rng, a: Genome, b: Genome, bounds: SpaceBounds): Offspring {
  const known = [canonicalEncoding(a), canonicalEncoding(b)]
  const [first, second] = rng.shuffle([a, b])
  for (const child of [combine(first, second, bounds), combine(second, first, bounds)]) {
    if (child !== null && !known.includes(formatGenome(child))) return { genome: child, operator: 'crossover' }
  }
  return mutate(rng, first, bounds)
}
