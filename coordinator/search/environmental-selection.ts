import { crowdingDistance } from './crowding-distance.js'
import type { ConstrainedCosts } from './dominance.js'
import { constrainedSort } from './non-dominated-sort.js'

/** What tournaments and survival compare: rank first (smaller is better), then crowding distance (larger is better). */
export interface Fitness {
  readonly rank: number
  readonly crowding: number
}

/** Order of preference: negative when a is fitter than b, 0 when they tie. */
export function compareFitness(a: Fitness, b: Fitness): number {
  if (a.rank !== b.rank) return a.rank - b.rank
  return a.crowding === b.crowding ? 0 : b.crowding - a.crowding
}

/** Rank and crowding distance (within its rank) of every point. */
export function assignFitness(points: readonly ConstrainedCosts[]): Fitness[] {
  const ranks = constrainedSort(points)
  const fronts: number[][] = []
  ranks.forEach((rank, index) => (fronts[rank] ??= []).push(index))
  const fitness = new Array<Fitness>(points.length)
  for (const front of fronts) crowd(front, points, ranks, fitness)
  return fitness
}

/**
 * As `assignFitness` of the points without the one at `removed`, which is of the last rank: it dominates nobody, so the others keep
 * their ranks, and only those of its own are crowded anew.
 */
export function fitnessWithout(removed: number, points: readonly ConstrainedCosts[], fitness: readonly Fitness[]): Fitness[] {
  const left = fitness.toSpliced(removed, 1)
  const ranks = left.map(({ rank }) => rank)
  const front = ranks.flatMap((rank, index) => (rank === fitness[removed].rank ? [index] : []))
  crowd(front, points.toSpliced(removed, 1), ranks, left)
  return left
}

function crowd(front: readonly number[], points: readonly ConstrainedCosts[], ranks: readonly number[], fitness: Fitness[]): void {
  const distances = crowdingDistance(front.map((index) => points[index].costs))
  front.forEach((index, i) => (fitness[index] = { rank: ranks[index], crowding: distances[i] }))
}

/**
 * Indices of the `capacity` fittest points, in their original order (NSGA-II's survival; Deb et al., 2002).
 * Of points that tie the earlier ones stay, so the result depends on nothing but the arguments.
 */
export function environmentalSelection(points: readonly ConstrainedCosts[], capacity: number): number[] {
  if (points.length <= capacity) return points.map((_, index) => index)
  const fitness = assignFitness(points)
  const order = points.map((_, index) => index).sort((a, b) => compareFitness(fitness[a], fitness[b]) || a - b)
  return order.slice(0, capacity).sort((a, b) => a - b)
}
