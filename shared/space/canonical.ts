import { type BlockPlan, groupsOf, planBlocks } from '../network/block-plan.js'
import { formatGenome } from './format.js'
import type { BlockGenome, Genome, Operation, Skip } from './genome.js'

/**
 * Without the implied residual; by target place, stable. Adds that stand next to each other are sorted by source, since addition
 * commutes; nothing moves across a concat, which changes the channels that a later skip meets.
 */
export function canonicalSkips({ operations, skips }: BlockGenome): Skip[] {
  const last = operations.length
  const ordered = skips.filter(({ from, to }) => !(from === 0 && to === last)).sort((a, b) => a.to - b.to)
  const result: Skip[] = []
  for (const skip of ordered) {
    let at = result.length
    const belongsBefore = (other: Skip): boolean => other.to === skip.to && other.kind === 'add' && other.from > skip.from
    if (skip.kind === 'add') while (at > 0 && belongsBefore(result[at - 1])) at--
    result.splice(at, 0, skip)
  }
  return result
}

/** Whether two operations build the same layers from so many channels. */
function buildsAlike(a: Operation, b: Operation, inputChannels: number): boolean {
  if (a === b) return true
  // A separable one builds two convolutions, every other one.
  if (a === 6 || b === 6) return false
  return (a === 1) === (b === 1) && groupsOf(a, inputChannels) === groupsOf(b, inputChannels)
}

/** Smallest id that builds the same layers as the operation at `index` in every block. */
function canonicalOperation(operations: readonly Operation[], index: number, plans: readonly BlockPlan[]): Operation {
  const operation = operations[index]
  const inputs = plans.map(({ places }) => places[index].convolutions[0].inputChannels)
  for (let smaller: Operation = 0; smaller < operation; smaller++) {
    if (inputs.every((channels) => buildsAlike(smaller as Operation, operation, channels))) return smaller as Operation
  }
  return operation
}

/** Genomes that are known to be the canonical ones: parents are asked for theirs again and again. */
const canonical = new WeakSet<Genome>()

/** The one genome that stands for all genomes of the same network. Idempotent. */
export function canonicalGenome(genome: Genome): Genome {
  if (canonical.has(genome)) return genome
  const found = findCanonical(genome)
  canonical.add(found)
  return found
}

function findCanonical(genome: Genome): Genome {
  const { operations, ratios } = genome.block
  const plans = [...new Set(planBlocks(genome))]
  const canonicalOperations = operations.map((_, index) => canonicalOperation(operations, index, plans))
  return { ...genome, block: { operations: canonicalOperations, ratios, skips: canonicalSkips(genome.block) } }
}

/** A candidate's identity: equal networks have the same canonical encoding, different networks different ones. */
export function canonicalEncoding(genome: Genome): string {
  return formatGenome(canonicalGenome(genome))
}
