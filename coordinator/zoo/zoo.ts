import type { Constraint } from '../search/constraint.js'
import { hypervolume } from '../search/hypervolume.js'
import { nonDominatedSort } from '../search/non-dominated-sort.js'
import type { Costs, Objective } from '../search/objective.js'

/** A candidate whose training succeeded, as the zoo shows it. */
export interface ZooCandidate {
  readonly encoding: string
  /** Validation accuracy, 0..1. */
  readonly top1: number
  /** Training throughput. */
  readonly imagesPerSecond: number
  /** Median training step, milliseconds. */
  readonly stepMs: number
  readonly params: number
  readonly macs: number
  readonly activations: number
}

/** An objective that is a figure of a candidate. */
export interface ZooObjective extends Objective {
  readonly name: Exclude<keyof ZooCandidate, 'encoding'>
}

/** A bound on a figure of a candidate. */
export interface ZooConstraint extends Constraint {
  readonly name: ZooObjective['name']
}

export interface Zoo {
  /** The Pareto front, fastest network first; of candidates that are equal in every objective the first. */
  readonly zoo: readonly ZooCandidate[]
  /** Share of the unit square dominated, see `zooHypervolume`. */
  readonly hypervolume: number
  /** Number of candidates trained, whatever their outcome. */
  readonly candidates: number
  /** Of these, the number that ended without a measurement (diverged, out of memory, timed out). */
  readonly unsuccessful: number
}

export interface ZooOptions {
  /** What the front is chosen by, from the fields of a candidate; accuracy and throughput when left out. */
  readonly objectives?: readonly ZooObjective[]
  /** Bounds on fields of a candidate; what breaks one is not on the front. */
  readonly constraints?: readonly ZooConstraint[]
  readonly unsuccessful?: number
}

const defaultObjectives: readonly ZooObjective[] = [
  { name: 'top1', direction: 'maximize' },
  { name: 'imagesPerSecond', direction: 'maximize' },
]

/** The zoo of a search; `candidates` are all that trained successfully. */
export function buildZoo(candidates: readonly ZooCandidate[], { objectives = defaultObjectives, constraints = [], unsuccessful = 0 }: ZooOptions = {}): Zoo {
  return {
    zoo: paretoFront(candidates.filter((candidate) => isFeasible(candidate, constraints)), objectives),
    hypervolume: zooHypervolume(candidates),
    candidates: candidates.length + unsuccessful,
    unsuccessful,
  }
}

function isFeasible(candidate: ZooCandidate, constraints: readonly ZooConstraint[]): boolean {
  return constraints.every(({ name, minimum = -Infinity, maximum = Infinity }) => candidate[name] >= minimum && candidate[name] <= maximum)
}

function paretoFront(candidates: readonly ZooCandidate[], objectives: readonly ZooObjective[]): ZooCandidate[] {
  const costs = candidates.map((candidate) => objectives.map((objective) => costOf(candidate, objective)))
  const ranks = nonDominatedSort(costs)
  const seen = new Set<string>()
  const front = candidates.filter((_, i) => {
    const identity = costs[i].join()
    if (ranks[i] !== 0 || seen.has(identity)) return false
    seen.add(identity)
    return true
  })
  return front.sort((a, b) => a.stepMs - b.stepMs || b.top1 - a.top1)
}

function costOf(candidate: ZooCandidate, { name, direction }: ZooObjective): number {
  const value = candidate[name]
  return direction === 'minimize' ? value : -value
}

/**
 * Hypervolume of error and of log step time, each scaled to the range of all candidates, reference (1, 1).
 * It compares fronts over the same candidates; where all candidates are equal in one of the two there is no range, and it is 0.
 */
export function zooHypervolume(candidates: readonly ZooCandidate[]): number {
  const errors = scaleToRange(candidates.map(({ top1 }) => 1 - top1))
  const times = scaleToRange(candidates.map(({ stepMs }) => Math.log(stepMs)))
  const points: Costs[] = candidates.map((_, i) => [errors[i], times[i]])
  return hypervolume(points, [1, 1])
}

/** Minimum to 0, maximum to 1; all 1, the reference, where there is no range. */
function scaleToRange(values: readonly number[]): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return values.map((value) => (high > low ? (value - low) / (high - low) : 1))
}
