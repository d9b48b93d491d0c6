import type { CategoricalGenome, Gene } from '../../coordinator/search/categorical-space.js'
import { InvalidInputError } from '../../shared/errors.js'
import { mean } from '../../shared/mean.js'

/** A row as a file has it: the genes' values as written, and what is maximised and minimised. */
export interface RawRow {
  readonly genes: readonly string[]
  readonly maximize: number
  readonly minimize: number
}

export interface TableRow {
  readonly genome: CategoricalGenome
  readonly maximize: number
  readonly minimize: number
}

/** A table of evaluated genomes with two objectives: every evaluation of a search is looked up instead of trained. */
export interface SearchTable {
  readonly genes: readonly Gene[]
  /** One row a genome. */
  readonly rows: readonly TableRow[]
  /** Whether every combination of gene values is a row. */
  readonly isComplete: boolean
}

/** Numbers in ascending order where all values are numbers, else text in alphabetical order. */
function sortValues(values: Iterable<string>): string[] {
  const list = [...values]
  const numeric = list.every((value) => value.trim() !== '' && Number.isFinite(Number(value)))
  return list.sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1))
}

function checkRange(rows: readonly TableRow[], objective: 'maximize' | 'minimize', column: string): void {
  const first = rows[0][objective]
  if (rows.every((row) => row[objective] === first)) {
    throw new InvalidInputError(`column ${column} is ${first} in every row; there is nothing to ${objective}`)
  }
}

/**
 * The table of these rows; values of rows with the same genes are averaged.
 * @throws InvalidInputError when there is no row or an objective is the same in all of them.
 */
export function createSearchTable(geneNames: readonly string[], raw: readonly RawRow[], columns: { readonly maximize: string; readonly minimize: string }): SearchTable {
  if (raw.length === 0) throw new InvalidInputError('the table has no rows')
  const genes = geneNames.map((name, i) => ({ name, values: sortValues(new Set(raw.map((row) => row.genes[i]))) }))
  const indices = genes.map(({ values }) => new Map(values.map((value, index) => [value, index])))
  const groups = new Map<string, { readonly genome: CategoricalGenome; readonly members: RawRow[] }>()
  for (const row of raw) {
    const genome = row.genes.map((value, i) => indices[i].get(value) ?? 0)
    const group = groups.get(genome.join('.')) ?? { genome, members: [] }
    group.members.push(row)
    groups.set(genome.join('.'), group)
  }
  const rows = [...groups.values()].map(({ genome, members }) => ({
    genome,
    maximize: mean(members.map(({ maximize }) => maximize)),
    minimize: mean(members.map(({ minimize }) => minimize)),
  }))
  checkRange(rows, 'maximize', columns.maximize)
  checkRange(rows, 'minimize', columns.minimize)
  return { genes, rows, isComplete: rows.length === genes.reduce((product, { values }) => product * values.length, 1) }
}
