import { InvalidInputError } from '../../shared/errors.js'
import type { Rng } from '../../shared/rng.js'
import { type CategoricalGenome, CategoricalSpace, type Gene } from './categorical-space.js'
import type { Enumeration, SearchSpace, Variation } from './search-space.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

/**
 * A categorical space of which only the listed genomes exist, such as an incomplete table. Operators work on the genes as in the
 * complete space and return the nearest listed genome by Hamming distance.
 */
export class ListedSpace implements SearchSpace<CategoricalGenome>, Enumeration<CategoricalGenome> {
  readonly size: number
  readonly enumeration = this
  readonly isListed = true
  readonly complete: CategoricalSpace
  readonly featureLayout: FeatureLayout
  private readonly indexOfKey: ReadonlyMap<string, number>

  constructor(
    genes: readonly Gene[],
    readonly genomes: readonly CategoricalGenome[],
  ) {
    if (genomes.length === 0) throw new InvalidInputError('a listed space needs at least one genome')
    this.complete = new CategoricalSpace(genes)
    this.featureLayout = this.complete.featureLayout
    this.size = genomes.length
    this.indexOfKey = new Map(genomes.map((genome, index) => [this.key(genome), index]))
  }

  at(index: number): CategoricalGenome {
    return this.genomes[index]
  }

  has(key: string): boolean {
    return this.indexOfKey.has(key)
  }

  sample(rng: Rng): CategoricalGenome {
    return rng.pick(this.genomes)
  }

  sampleSpread(rng: Rng, count: number): CategoricalGenome[] {
    return rng.shuffle(this.genomes).slice(0, count)
  }

  mutate(rng: Rng, genome: CategoricalGenome): Variation<CategoricalGenome> {
    const own = this.key(genome)
    const { genome: mutant, operator } = this.complete.mutate(rng, genome)
    return { genome: this.nearest(mutant, (key) => key !== own) ?? genome, operator }
  }

  crossover(rng: Rng, a: CategoricalGenome, b: CategoricalGenome): Variation<CategoricalGenome> {
    const parents = [this.key(a), this.key(b)]
    const { genome: child, operator } = this.complete.crossover(rng, a, b)
    return { genome: this.nearest(child, (key) => !parents.includes(key)) ?? a, operator }
  }

  key(genome: CategoricalGenome): string {
    return genome.join('.')
  }

  parse(key: string): CategoricalGenome {
    const index = this.indexOfKey.get(key)
    if (index === undefined) throw new InvalidInputError(`${JSON.stringify(key)} is not among the ${this.size} genomes listed`)
    return this.genomes[index]
  }

  features(genome: CategoricalGenome): number[] {
    return this.complete.features(genome)
  }

  /** The listed genome that is nearest by Hamming distance among those whose key is allowed; the first of equals. */
  nearest(genome: CategoricalGenome, isAllowed: (key: string) => boolean): CategoricalGenome | undefined {
    const byDistance: CategoricalGenome[][] = Array.from({ length: genome.length + 1 }, () => [])
    for (const listed of this.genomes) byDistance[hammingDistance(genome, listed)].push(listed)
    for (const sameDistance of byDistance) {
      const found = sameDistance.find((listed) => isAllowed(this.key(listed)))
      if (found !== undefined) return found
    }
    return undefined
  }
}

function hammingDistance(a: CategoricalGenome, b: CategoricalGenome): number {
  let distance = 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) distance++
  return distance
}
