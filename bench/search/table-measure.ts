import { hypervolume } from '../../coordinator/search/hypervolume.js'
import type { Costs } from '../../coordinator/search/objective.js'
import type { SearchTable, TableRow } from './search-table.js'

/** Exact hypervolume of rows whose objectives are scaled to the range of the whole table, both minimised, reference (1, 1). */
export function createTableMeasure({ rows }: SearchTable): (evaluated: readonly TableRow[]) => number {
  const best = rows.reduce((largest, { maximize }) => Math.max(largest, maximize), -Infinity)
  const worst = rows.reduce((least, { maximize }) => Math.min(least, maximize), Infinity)
  const cheapest = rows.reduce((least, { minimize }) => Math.min(least, minimize), Infinity)
  const dearest = rows.reduce((largest, { minimize }) => Math.max(largest, minimize), -Infinity)
  const scale = ({ maximize, minimize }: TableRow): Costs => [(minimize - cheapest) / (dearest - cheapest), (best - maximize) / (best - worst)]
  return (evaluated) => hypervolume(evaluated.map(scale), [1, 1])
}
