import type { CategoricalGenome, Gene } from './categorical-space.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

/** Columns of one gene; each inner list is a group with a relevance of its own. */
type GeneColumns = readonly (readonly ((value: number) => number)[])[]

/** Distance 1 between any two values. */
function oneHot(values: number): ((value: number) => number)[] {
  return Array.from({ length: values }, (_, column) => (value: number) => (value === column ? Math.SQRT1_2 : 0))
}

/** Values at equal steps from 0 to 1. */
function ordinal(values: number): ((value: number) => number)[] {
  return [(value) => value / (values - 1)]
}

const isNumeric = ({ values }: Gene): boolean => values.every((value) => value.trim() !== '' && Number.isFinite(Number(value)))

/** Numbers may be an order or mere names (such as the ids of operations): such a gene has both forms, and the model decides which is relevant. */
function columnsOf(gene: Gene): GeneColumns {
  const count = gene.values.length
  if (count === 1) return []
  if (count === 2) return [ordinal(2)]
  return isNumeric(gene) ? [ordinal(count), oneHot(count)] : [oneHot(count)]
}

/** Features of categorical genomes for a model. */
export class CategoricalFeatures {
  readonly layout: FeatureLayout
  /** Columns of each value of each gene. */
  private readonly rows: readonly (readonly (readonly number[])[])[]

  constructor(genes: readonly Gene[]) {
    const columns = genes.map(columnsOf)
    const groups = columns.flat()
    this.layout = { groups: groups.length, groupOfColumn: groups.flatMap((group, index) => group.map(() => index)) }
    this.rows = genes.map(({ values }, gene) => values.map((_, value) => columns[gene].flatMap((group) => group.map((column) => column(value)))))
  }

  encode(genome: CategoricalGenome): number[] {
    return genome.flatMap((value, gene) => this.rows[gene][value])
  }
}
