import { genomeCost } from '../../../shared/network/genome-cost.js'
import type { Rng } from '../../../shared/rng.js'
import { admit } from '../../../shared/space/admit.js'
import type { SpaceBounds } from '../../../shared/space/bounds.js'
import { combine } from '../../../shared/space/crossover.js'
import type { Genome } from '../../../shared/space/genome.js'
import { type MutationOperator, blockMutationOperators, macroMutationOperators, mutate } from '../../../shared/space/mutate.js'
import { sampleGenome } from '../../../shared/space/sample.js'
import { ArchitectureSpace } from '../architecture-space.js'
import type { Variation } from '../search-space.js'
import { referencesIn } from './reference-blocks.js'

/** Random networks that are tried before one that is known to be within the phase is mutated instead. */
const tries = 50
/** Networks drawn for each of a first population: enough that its ends lie near those of the phase's space. */
const drawsEach = 8

/** The part of the architecture space that one phase searches, around networks that are known. */
abstract class PhaseSpace extends ArchitectureSpace {
  protected abstract readonly operators: readonly MutationOperator[]

  /** @param known at least one */
  constructor(
    bounds: SpaceBounds,
    protected readonly known: readonly Genome[],
  ) {
    super(bounds)
  }

  /** A network of the phase that has as much as possible of the given one; null = none within the bounds. */
  protected abstract fitted(rng: Rng, genome: Genome): Genome | null

  /** Children of two networks of the phase, in order of preference. */
  protected abstract children(a: Genome, b: Genome): (Genome | null)[]

  override sample(rng: Rng): Genome {
    for (let i = 0; i < tries; i++) {
      const genome = this.fitted(rng, sampleGenome(rng, this.bounds))
      if (genome !== null) return genome
    }
    return mutate(rng, rng.pick(this.known), this.bounds, this.operators).genome
  }

  /** Evenly spread over the logarithm of the MACs, as far as the draws go. */
  override sampleSpread(rng: Rng, count: number): Genome[] {
    const drawn = new Map(Array.from({ length: drawsEach * count }, () => this.sample(rng)).map((genome) => [this.key(genome), genome]))
    const sorted = [...drawn.values()].map((genome) => ({ genome, macs: genomeCost(genome, this.bounds.measuredAt).macs })).sort((a, b) => a.macs - b.macs)
    const wanted = Math.min(count, sorted.length)
    const spread = Array.from({ length: wanted }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / Math.max(1, wanted - 1))].genome)
    return rng.shuffle(spread)
  }

  override mutate(rng: Rng, genome: Genome): Variation<Genome> {
    return this.kept(rng, mutate(rng, this.fitted(rng, genome) ?? rng.pick(this.known), this.bounds, this.operators))
  }

  override crossover(rng: Rng, a: Genome, b: Genome): Variation<Genome> {
    const parents = [this.key(a), this.key(b)]
    const [first, second] = rng.shuffle([a, b])
    const child = [...this.children(first, second), ...this.children(second, first)].find((each) => each !== null && !parents.includes(this.key(each)))
    return child ? this.kept(rng, { genome: child, operator: 'crossover' }) : this.mutate(rng, first)
  }

  /** A canonical form may name a block by an operation that is the same in a narrow network only, and another one in a child of it. */
  private kept(rng: Rng, { genome, operator }: Variation<Genome>): Variation<Genome> {
    return { genome: this.fitted(rng, genome) ?? genome, operator }
  }
}

/** Blocks inside the macro structure of one network. */
export class BlockPhaseSpace extends PhaseSpace {
  protected readonly operators = blockMutationOperators

  /** What the phase begins with, so that its results can be compared with them. */
  override readonly first = referencesIn(this.known[0], this.bounds)

  protected fitted(_rng: Rng, genome: Genome): Genome | null {
    return combine(genome, this.known[0], this.bounds)
  }

  /** Operations of one parent with the skips, or the width ratios, of the other. */
  protected children(a: Genome, b: Genome): (Genome | null)[] {
    const blocks = [
      { ...a.block, skips: b.block.skips },
      { ...a.block, ratios: b.block.ratios },
    ]
    const isWhole = ({ operations, ratios, skips }: Genome['block']): boolean =>
      ratios.length === operations.length - 1 && skips.every(({ to }) => to <= operations.length)
    return blocks.filter(isWhole).map((block) => admit({ ...this.known[0], block }, this.bounds))
  }
}

/** Macro structures around the blocks of some networks. */
export class MacroPhaseSpace extends PhaseSpace {
  protected readonly operators = macroMutationOperators

  protected fitted(rng: Rng, genome: Genome): Genome | null {
    const isKept = this.known.some(({ block }) => JSON.stringify(block) === JSON.stringify(genome.block))
    return isKept ? genome : combine(rng.pick(this.known), genome, this.bounds)
  }

  protected children(a: Genome, b: Genome): (Genome | null)[] {
    return [combine(a, b, this.bounds)]
  }
}

/**
 * The network whose macro structure a block phase keeps: of middling cost among many random ones, and one that the reference blocks and
 * then most random ones fit into.
 */
export function referenceNetwork(rng: Rng, bounds: SpaceBounds): Genome {
  const drawn = Array.from({ length: 31 }, () => sampleGenome(rng, bounds))
  const random = (macro: Genome): number => drawn.filter((block) => combine(block, macro, bounds) !== null).length
  const fits = (macro: Genome): number => drawn.length * referencesIn(macro, bounds).length + random(macro)
  const macs = (genome: Genome): number => genomeCost(genome, bounds.measuredAt).macs
  const sorted = [...drawn].sort((a, b) => macs(a) - macs(b))
  // From the middle outwards: of those that as much fits into, the one of the most middling cost.
  const middling = Array.from({ length: 15 }, (_, i) => sorted[15 + (i % 2 === 0 ? i / 2 : -(i + 1) / 2)])
  return middling.reduce((best, genome) => (fits(genome) > fits(best) ? genome : best))
}
