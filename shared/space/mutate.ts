import type { Rng } from '../rng.js'
import { admit } from './admit.js'
import type { SpaceBounds } from './bounds.js'
import { canonicalGenome } from './canonical.js'
import { formatGenome } from './format.js'
import type { Genome } from './genome.js'
import { blockNeighbours } from './mutate-block.js'
import { macroNeighbours } from './mutate-macro.js'
import { tryToSample } from './sample.js'

export type BlockMutationOperator = keyof typeof blockNeighbours
export type MacroMutationOperator = keyof typeof macroNeighbours
export type MutationOperator = BlockMutationOperator | MacroMutationOperator

export const blockMutationOperators = Object.keys(blockNeighbours) as BlockMutationOperator[]
export const macroMutationOperators = Object.keys(macroNeighbours) as MacroMutationOperator[]
export const mutationOperators: readonly MutationOperator[] = [...blockMutationOperators, ...macroMutationOperators]

/** A child and how it came to be. */
export interface Offspring {
  /** Valid, canonical, within the bounds. */
  readonly genome: Genome
  /** A mutation's name, `crossover`, `sample` (a fresh genome, since no neighbour fits) or `none` (the parent, since nothing else fits). */
  readonly operator: MutationOperator | 'crossover' | 'sample' | 'none'
}

const allNeighbours = { ...blockNeighbours, ...macroNeighbours }

/** A random child by one operator, or null where none of its children is valid, within the bounds and another network. */
export function mutateBy(operator: MutationOperator, rng: Rng, genome: Genome, bounds: SpaceBounds): Genome | null {
  const parent = canonicalGenome(genome)
  const key = formatGenome(parent)
  for (const makeNeighbour of rng.shuffle(allNeighbours[operator](parent, bounds))) {
    const child = admit(makeNeighbour(), bounds)
    if (child !== null && formatGenome(child) !== key) return child
  }
  return null
}

function changesBothHalves(operators: readonly MutationOperator[]): boolean {
  return operators.some((operator) => operator in blockNeighbours) && operators.some((operator) => operator in macroNeighbours)
}

/**
 * A mutated copy: operators are tried in random order until one finds another network. Where none does, a fresh sample takes its
 * place (`sample`), if the operators given may change both halves; where there is none either, the parent is returned (`none`).
 */
export function mutate(
  rng: Rng,
  genome: Genome,
  bounds: SpaceBounds,
  operators: readonly MutationOperator[] = mutationOperators,
): Offspring {
  for (const operator of rng.shuffle(operators)) {
    const child = mutateBy(operator, rng, genome, bounds)
    if (child !== null) return { genome: child, operator }
  }
  const parent = canonicalGenome(genome)
  const fresh = changesBothHalves(operators) ? tryToSample(rng, bounds) : null
  if (fresh === null || formatGenome(fresh) === formatGenome(parent)) return { genome: parent, operator: 'none' }
  return { genome: fresh, operator: 'sample' }
}
