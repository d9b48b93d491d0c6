import { type ConstrainedCosts, dominates } from './dominance.js'
import type { Costs } from './objective.js'

function compareLexicographically(a: Costs, b: Costs): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  }
  return 0
}

/** Whether a member of the front, filled in lexicographic order, dominates the point. */
function frontDominates(front: readonly Costs[], point: Costs): boolean {
  // With two objectives the last member has the front's smallest second cost, so it alone decides.
  const last = point.length <= 2 ? front.length - 1 : 0
  for (let i = front.length - 1; i >= last; i--) {
    if (dominates(front[i], point)) return true
  }
  return false
}

/** First front that does not dominate the point; fronts that do are a prefix, because dominance is transitive. */
function findFront(fronts: readonly (readonly Costs[])[], point: Costs): number {
  let low = 0
  let high = fronts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (frontDominates(fronts[middle], point)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Rank of every point, 0 = not dominated. Equal points share a rank.
 * Efficient non-dominated sort with binary search (Zhang, Tian, Cheng and Jin, 2015): O(n log n) for one and two objectives.
 */
export function nonDominatedSort(points: readonly Costs[]): number[] {
  const order = points.map((_, index) => index).sort((a, b) => compareLexicographically(points[a], points[b]) || a - b)
  const fronts: Costs[][] = []
  const ranks = new Array<number>(points.length)
  for (const index of order) {
    const rank = findFront(fronts, points[index])
    if (rank === fronts.length) fronts.push([])
    fronts[rank].push(points[index])
    ranks[index] = rank
  }
  return ranks
}

/** Ranks under constrained dominance: the feasible points' own ranks, then one rank for each distinct violation, smallest first. */
export function constrainedSort(points: readonly ConstrainedCosts[]): number[] {
  const feasible = points.flatMap(({ violation }, index) => (violation > 0 ? [] : [index]))
  if (feasible.length === points.length) return nonDominatedSort(points.map(({ costs }) => costs))
  const ranks = new Array<number>(points.length).fill(0)
  let next = 0
  nonDominatedSort(feasible.map((index) => points[index].costs)).forEach((rank, i) => {
    ranks[feasible[i]] = rank
    next = Math.max(next, rank + 1)
  })
  const violations = [...new Set(points.map(({ violation }) => violation))].filter((violation) => violation > 0).sort((a, b) => a - b)
  const rankOfViolation = new Map(violations.map((violation, i) => [violation, next + i]))
  points.forEach(({ violation }, index) => {
    ranks[index] = rankOfViolation.get(violation) ?? ranks[index]
  })
  return ranks
}
