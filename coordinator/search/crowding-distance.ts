import type { Costs } from './objective.js'

/** Gap between two sorted values as a share of the range; where the range is infinite, a gap counts 1 if it reaches infinity and 0 if not. */
function relativeGap(low: number, high: number, range: number): number {
  if (low === high) return 0
  return Number.isFinite(range) ? (high - low) / range : Number.isFinite(high - low) ? 0 : 1
}

/**
 * Crowding distance of every point of one front (Deb, Pratap, Agarwal and Meyarivan, 2002, section III-B).
 * For each objective the extreme points get Infinity, the others the gap between their neighbours as a share of the range.
 * An objective in which all points are equal tells nothing and adds nothing, so points that are equal in everything get 0.
 * Of points that tie for an extreme the one that comes first in the order (value, position) has it. A single point gets Infinity.
 */
export function crowdingDistance(front: readonly Costs[]): number[] {
  if (front.length <= 1) return front.map(() => Infinity)
  const distance = front.map(() => 0)
  for (let objective = 0; objective < front[0].length; objective++) addObjective(front, objective, distance)
  return distance
}

function addObjective(front: readonly Costs[], objective: number, distance: number[]): void {
  const order = front.map((_, index) => index).sort((a, b) => (front[a][objective] === front[b][objective] ? a - b : front[a][objective] - front[b][objective]))
  const value = (position: number): number => front[order[position]][objective]
  const last = order.length - 1
  if (value(0) === value(last)) return
  const range = value(last) - value(0)
  let firstHighest = last
  while (value(firstHighest - 1) === value(last)) firstHighest--
  for (let position = 0; position <= last; position++) {
    const isExtreme = position === 0 || position === firstHighest
    distance[order[position]] += isExtreme ? Infinity : relativeGap(value(position - 1), value(Math.min(position + 1, last)), range)
  }
}
