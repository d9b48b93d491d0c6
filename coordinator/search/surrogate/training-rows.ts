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

/** Results that a process learns when it is built; more arrive one by one until the next fit. */
export const largestTrainingSet = 500

/** Shares of the training set: the newest, whatever they are, and the best by non-dominated rank; the rest are spread over all others. */
const newestShare = 0.25
const bestShare = 0.5

/**
 * The results that the surrogate learns, in the order told: all, or where they are too many the newest and the best, since the search
 * goes on around these, and some of all others, so that the model keeps its view of the whole.
 * @param at indices of the results to choose from, ascending
 */
export function trainingRows(results: readonly ModelResult[], at: readonly number[], objectives: number): number[] {
  if (at.length <= largestTrainingSet) return [...at]
  const split = at.length - newestShare * largestTrainingSet
  const older = at.slice(0, split)
  const measured = older.filter((index) => results[index].measurements !== null)
  const points = measured.map((index) => ({ costs: (results[index].measurements ?? []).slice(0, objectives), violation: results[index].violation }))
  const best = new Set(environmentalSelection(points, bestShare * largestTrainingSet).map((i) => measured[i]))
  const spread = thinned(older.filter((index) => !best.has(index)), largestTrainingSet - (at.length - split) - best.size)
  return [...best, ...spread, ...at.slice(split)].sort((a, b) => a - b)
}

/** At most `count` of the items, evenly spread. */
export function thinned<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)])
}
