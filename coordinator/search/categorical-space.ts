import { InvalidInputError } from '../../shared/errors.js'
import type { Rng } from '../../shared/rng.js'
import { CategoricalFeatures } from './categorical-features.js'
import type { Enumeration, SearchSpace, Variation } from './search-space.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

/** One value index per gene. */
export type CategoricalGenome = readonly number[]

/** A gene with its values, as they are written in a table. */
export interface Gene {
  readonly name: string
  readonly values: readonly string[]
}

/** Every combination of the genes' values; the key is the value indices, joined by dots. */
export class CategoricalSpace implements SearchSpace<CategoricalGenome>, Enumeration<CategoricalGenome> {
  readonly size: number
  readonly enumeration = this
  readonly featureLayout: FeatureLayout
  private readonly encoder: CategoricalFeatures

  constructor(readonly genes: readonly Gene[]) {
    const empty = genes.find(({ values }) => values.length === 0)
    if (genes.length === 0 || empty) throw new InvalidInputError(`a categorical space needs genes with values${empty ? `; ${empty.name} has none` : ''}`)
    this.size = genes.reduce((product, { values }) => product * values.length, 1)
    this.encoder = new CategoricalFeatures(genes)
    this.featureLayout = this.encoder.layout
  }

  sample(rng: Rng): CategoricalGenome {
    return this.genes.map(({ values }) => rng.integer(values.length))
  }

  /** Latin hypercube: within one sample every gene takes its values equally often, give or take one. */
  sampleSpread(rng: Rng, count: number): CategoricalGenome[] {
    const columns = this.genes.map(({ values }) => {
      const start = rng.integer(values.length)
      return rng.shuffle(Array.from({ length: count }, (_, i) => (start + i) % values.length))
    })
    const spread = new Map<string, CategoricalGenome>()
    for (let i = 0; i < count; i++) {
      const genome = columns.map((column) => column[i])
      spread.set(this.key(genome), genome)
    }
    const missing = Math.min(count, this.size)
    for (let tries = 0; spread.size < missing && tries < 20 * count; tries++) {
      const genome = this.sample(rng)
      spread.set(this.key(genome), genome)
    }
    return [...spread.values()]
  }

  /** At least one gene changes; each further one with probability 1 / genes, the usual rate for vectors of genes. */
  mutate(rng: Rng, genome: CategoricalGenome): Variation<CategoricalGenome> {
    const mutable = this.genes.flatMap(({ values }, i) => (values.length > 1 ? [i] : []))
    if (mutable.length === 0) return { genome, operator: 'mutate' }
    const forced = rng.pick(mutable)
    const mutant = [...genome]
    for (const i of mutable) {
      if (i !== forced && !rng.chance(1 / mutable.length)) continue
      const other = rng.integer(this.genes[i].values.length - 1)
      mutant[i] = other < genome[i] ? other : other + 1
    }
    return { genome: mutant, operator: 'mutate' }
  }

  /** Uniform crossover. */
  crossover(rng: Rng, a: CategoricalGenome, b: CategoricalGenome): Variation<CategoricalGenome> {
    return { genome: a.map((value, i) => (rng.chance(0.5) ? value : b[i])), operator: 'crossover' }
  }

  key(genome: CategoricalGenome): string {
    return genome.join('.')
  }

  parse(key: string): CategoricalGenome {
    const genome = key.split('.').map(Number)
    const valid = genome.length === this.genes.length && genome.every((value, i) => Number.isInteger(value) && value >= 0 && value < this.genes[i].values.length)
    if (!valid || this.key(genome) !== key) throw new InvalidInputError(`${JSON.stringify(key)} is not a genome of this space (${this.genes.length} value indices joined by dots)`)
    return genome
  }

  at(index: number): CategoricalGenome {
    let rest = index
    return this.genes.map(({ values }) => {
      const value = rest % values.length
      rest = Math.floor(rest / values.length)
      return value
    })
  }

  features(genome: CategoricalGenome): number[] {
    return this.encoder.encode(genome)
  }
}
