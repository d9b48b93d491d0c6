import { createRng } from '../../shared/rng.js'
import type { SpaceBounds } from '../../shared/space/bounds.js'
import { formatGenome } from '../../shared/space/format.js'
import type { Genome } from '../../shared/space/genome.js'
import { type MutationOperator, mutate } from '../../shared/space/mutate.js'
import { sampleGenome, sampleSpread } from '../../shared/space/sample.js'
import { validateBounds } from '../../shared/space/validate-bounds.js'

interface Draws {
  readonly count: number
  readonly seed: number
  readonly bounds: SpaceBounds
}

export function* randomEncodings({ count, seed, bounds, spread }: Draws & { readonly spread: boolean }): Generator<string> {
  const rng = createRng(seed)
  if (spread) yield* sampleSpread(rng, bounds, count).map(formatGenome)
  else for (let i = 0; i < count; i++) yield formatGenome(sampleGenome(rng, bounds))
}

interface Mutations extends Draws {
  readonly parent: Genome
  readonly operators: readonly MutationOperator[]
}

export function* mutations({ parent, count, seed, bounds, operators }: Mutations): Generator<{ encoding: string; operator: string }> {
  validateBounds(bounds)
  const rng = createRng(seed)
  for (let i = 0; i < count; i++) {
    const { genome, operator } = mutate(rng, parent, bounds, operators)
    yield { encoding: formatGenome(genome), operator }
  }
}
