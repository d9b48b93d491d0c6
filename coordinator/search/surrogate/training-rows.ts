import { environmentalSelection } from '../environmental-selection.js'
import type { Costs } from '../objective.js'

/** A result as the surrogate sees it. */
export interface ModelResult {
  readonly key: string
  /** Costs of the objectives, then the constrained measurements; null = it ended without measurements. */
  readonly measurements: Costs | null
  /** Of the constraints; 0 = feasible. */
  readonly violation: number
  /** Share of a whole training; 1 = a whole one. */
  readonly fidelity: number
}

/** Results that a process learns at most when it is built; more arrive one by one until the next fit. */
export const largestTrainingSet = 1000

/**
 * The results that the surrogate learns, in the order told: all, or where they are too many the newest half and the best of the rest
 * by non-dominated rank, since the search goes on around these.
 */
export function trainingRows(results: readonly ModelResult[], objectives: number): ModelResult[] {
  if (results.length <= largestTrainingSet) return [...results]
  const split = results.length - largestTrainingSet / 2
  const older = results.slice(0, split).filter(({ measurements }) => measurements !== null)
  const points = older.map(({ measurements, violation }) => ({ costs: (measurements ?? []).slice(0, objectives), violation }))
  const best = environmentalSelection(points, largestTrainingSet / 2).map((index) => older[index])
  return [...best, ...results.slice(split)]
}

/** At most `count` of the items, evenly spread. */
export function thinned<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)])
}
