import type { Costs } from './objective.js'

/** Pareto dominance: a is nowhere worse than b and somewhere better. Equal costs do not dominate each other. */
export function dominates(a: Costs, b: Costs): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if (a[i] > b[i]) return false
    if (a[i] < b[i]) better = true
  }
  return better
}

/** Costs with the total violation of the constraints; 0 = feasible. */
export interface ConstrainedCosts {
  readonly costs: Costs
  readonly violation: number
}

/**
 * Constrained dominance (Deb, Pratap, Agarwal and Meyarivan, 2002, section VI): a feasible solution dominates an infeasible one,
 * of two infeasible ones the smaller violation dominates, feasible ones compare by Pareto dominance.
 */
export function constrainedDominates(a: ConstrainedCosts, b: ConstrainedCosts): boolean {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation
  return dominates(a.costs, b.costs)
}
