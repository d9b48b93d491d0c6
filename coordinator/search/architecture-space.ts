import type { Rng } from '../../shared/rng.js'
import type { SpaceBounds } from '../../shared/space/bounds.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { crossover } from '../../shared/space/crossover.js'
import type { Genome } from '../../shared/space/genome.js'
import { mutate } from '../../shared/space/mutate.js'
import { parseGenome } from '../../shared/space/parse.js'
import { sampleGenome, sampleSpread } from '../../shared/space/sample.js'
import { architectureFeatureLayout, architectureFeatures } from './architecture-features.js'
import type { SearchSpace, Variation } from './search-space.js'

/** Genomes that are kept parsed at a time. */
const mostParsed = 2000

/** The joint block and macro space within bounds; the key is the canonical encoding. */
export class ArchitectureSpace implements SearchSpace<Genome> {
  readonly featureLayout = architectureFeatureLayout
  /** Networks that a search of the space evaluates before others. */
  readonly first: readonly Genome[] = []
  /** Parents are read again and again; what is known of a genome object (its plan, its canonical form) stays with it. */
  private readonly parsed = new Map<string, Genome>()

  constructor(readonly bounds: SpaceBounds) {}

  sample(rng: Rng): Genome {
    return sampleGenome(rng, this.bounds)
  }

  /** Evenly spread over the logarithm of the MACs. */
  sampleSpread(rng: Rng, count: number): Genome[] {
    return sampleSpread(rng, this.bounds, count)
  }

  mutate(rng: Rng, genome: Genome): Variation<Genome> {
    return mutate(rng, genome, this.bounds)
  }

  crossover(rng: Rng, a: Genome, b: Genome): Variation<Genome> {
    return crossover(rng, a, b, this.bounds)
  }

  key(genome: Genome): string {
    return canonicalEncoding(genome)
  }

  /** Bounds are not checked: a network from outside them, known from an earlier search, may be a parent. */
  parse(key: string): Genome {
    const known = this.parsed.get(key)
    if (known !== undefined) return known
    const genome = parseGenome(key)
    if (this.parsed.size >= mostParsed) this.parsed.clear()
    this.parsed.set(key, genome)
    return genome
  }

  features(genome: Genome): number[] {
    return architectureFeatures(genome, this.bounds.measuredAt)
  }
}
