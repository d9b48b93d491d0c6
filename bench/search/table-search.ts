import { CategoricalSpace } from '../../coordinator/search/categorical-space.js'
import { createEvolution } from '../../coordinator/search/evolution.js'
import { ListedSpace } from '../../coordinator/search/listed-space.js'
import type { Objective } from '../../coordinator/search/objective.js'
import { createRandomSearch } from '../../coordinator/search/random-search.js'
import type { Search } from '../../coordinator/search/search.js'
import { createSurrogateSearch } from '../../coordinator/search/surrogate/surrogate-search.js'
import { InvalidInputError } from '../../shared/errors.js'
import type { SearchTable, TableRow } from './search-table.js'
import { createTableMeasure } from './table-measure.js'

export const algorithms = ['nasoa', 'nsga2', 'random'] as const
export type Algorithm = (typeof algorithms)[number]

export interface TableSearchOptions {
  readonly algorithm: Algorithm
  readonly seed: number
  /** Numbers of evaluations after which the hypervolume is taken, ascending. */
  readonly checkpoints: readonly number[]
}

const objectives: readonly Objective[] = [
  { name: 'maximize', direction: 'maximize' },
  { name: 'minimize', direction: 'minimize' },
]
/** Random start of the model-assisted search, and its population. */
const firstSample = 20
/** Usual population of NSGA-II on these tables. */
const nsga2Population = 40

function createSearch(table: SearchTable, listed: ListedSpace, { algorithm, seed }: TableSearchOptions): Search {
  switch (algorithm) {
    case 'random':
      return createRandomSearch({ space: listed, seed })
    case 'nsga2':
      return createEvolution({ space: new CategoricalSpace(table.genes), objectives, population: nsga2Population, seed })
    case 'nasoa':
      return createSurrogateSearch({ space: table.isComplete ? listed.complete : listed, objectives, population: firstSample, seed })
  }
}

/**
 * Hypervolume of what a search has evaluated at each checkpoint. The search asks for one candidate at a time and is told the row's
 * values; a candidate that is no row counts nothing, and the nearest row not yet evaluated takes its place.
 */
export function searchTable(table: SearchTable, options: TableSearchOptions): number[] {
  const listed = new ListedSpace(table.genes, table.rows.map(({ genome }) => genome))
  const rows = new Map(table.rows.map((row) => [listed.key(row.genome), row]))
  const measure = createTableMeasure(table)
  const search = createSearch(table, listed, options)
  const evaluated = new Map<string, TableRow>()
  return options.checkpoints.map((checkpoint) => {
    while (evaluated.size < checkpoint) {
      const key = nextKey(search, listed, evaluated)
      const { maximize, minimize } = rows.get(key) as TableRow
      evaluated.set(key, rows.get(key) as TableRow)
      search.tell([{ key, objectives: { maximize, minimize } }])
    }
    return measure([...evaluated.values()])
  })
}

function nextKey(search: Search, listed: ListedSpace, evaluated: ReadonlyMap<string, TableRow>): string {
  const [proposal] = search.ask(1)
  if (listed.has(proposal.key)) return proposal.key
  search.withdraw([proposal.key])
  const nearest = listed.nearest(listed.complete.parse(proposal.key), (key) => !evaluated.has(key))
  if (nearest === undefined) throw new InvalidInputError('every row of the table has been evaluated')
  return listed.key(nearest)
}
