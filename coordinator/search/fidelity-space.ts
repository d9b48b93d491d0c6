import type { Rng } from '../../shared/rng.js'
import type { SearchSpace, Variation } from './search-space.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

/**
 * A space whose candidates are also evaluated by parts of a whole training: a model sees how large the part was as one more feature,
 * with a relevance of its own, and every genome as what a whole training would make of it.
 */
export class FidelitySpace<G> implements SearchSpace<G> {
  readonly featureLayout: FeatureLayout

  /** @param least the smallest fidelity, above 0 and below 1 */
  constructor(
    private readonly space: SearchSpace<G>,
    private readonly least: number,
  ) {
    const { groupOfColumn, groups } = space.featureLayout
    this.featureLayout = { groupOfColumn: [...groupOfColumn, groups], groups: groups + 1 }
  }

  sample(rng: Rng): G {
    return this.space.sample(rng)
  }

  sampleSpread(rng: Rng, count: number): G[] {
    return this.space.sampleSpread(rng, count)
  }

  mutate(rng: Rng, genome: G): Variation<G> {
    return this.space.mutate(rng, genome)
  }

  crossover(rng: Rng, a: G, b: G): Variation<G> {
    return this.space.crossover(rng, a, b)
  }

  key(genome: G): string {
    return this.space.key(genome)
  }

  parse(key: string): G {
    return this.space.parse(key)
  }

  /** The logarithm of the fidelity: 0 of a whole training, 1 of the smallest part. */
  features(genome: G, fidelity = 1): number[] {
    return [...this.space.features(genome), Math.log(fidelity) / Math.log(this.least)]
  }
}
