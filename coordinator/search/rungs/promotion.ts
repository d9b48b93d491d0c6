import type { ConstrainedCosts } from '../dominance.js'
import { constrainedSort } from '../non-dominated-sort.js'
import type { Costs } from '../objective.js'
import { hypervolumeImprovement } from '../surrogate/hypervolume-improvement.js'

/** A result of a rung that may go on to the next. */
export interface Contender extends ConstrainedCosts {
  readonly isPromoted: boolean
}

/** How far beyond the worst result the reference point lies, as a share of the range: the ends of a front count too. */
const referenceMargin = 0.1

function scaledToRange(points: readonly Costs[]): Costs[] {
  const low = points[0].map((_, i) => Math.min(...points.map((costs) => costs[i])))
  const high = points[0].map((_, i) => Math.max(...points.map((costs) => costs[i])))
  return points.map((costs) => costs.map((cost, i) => (high[i] > low[i] ? (cost - low[i]) / (high[i] - low[i]) : 0)))
}

/**
 * The contender to promote next: of the lowest non-dominated rank that has one left and, within it, the one that adds the largest
 * hypervolume to those of its rank that have been promoted before; of equals the earliest. Costs are scaled to their range, so
 * their units do not matter, but a quantity that is compared by ratio should come as its logarithm.
 * @param contenders finite costs, in the order of their results
 * @returns its index; undefined when all are promoted
 */
export function nextPromoted(contenders: readonly Contender[]): number | undefined {
  const ranks = constrainedSort(contenders)
  const open = contenders.flatMap(({ isPromoted }, i) => (isPromoted ? [] : [i]))
  if (open.length === 0) return undefined
  const rank = Math.min(...open.map((i) => ranks[i]))
  const scaled = scaledToRange(contenders.map(({ costs }) => costs))
  const before = contenders.flatMap(({ isPromoted }, i) => (isPromoted && ranks[i] === rank ? [scaled[i]] : []))
  const added = hypervolumeImprovement(before, scaled[0].map(() => 1 + referenceMargin))
  const candidates = open.filter((i) => ranks[i] === rank)
  const values = candidates.map((i) => added(scaled[i]))
  return candidates[values.indexOf(Math.max(...values))]
}
