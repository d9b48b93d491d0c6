import { type Rng, createRng, restoreRng } from '../../../shared/rng.js'
import type { SpaceBounds } from '../../../shared/space/bounds.js'
import { formatGenome } from '../../../shared/space/format.js'
import { parseGenome } from '../../../shared/space/parse.js'
import { ArchitectureSpace } from '../architecture-space.js'
import { type Constraint, violationOf } from '../constraint.js'
import { constrainedSort } from '../non-dominated-sort.js'
import { type Objective, costsOf } from '../objective.js'
import type { Observation, SearchState } from '../search.js'
import type { Phase } from './phase.js'
import { BlockPhaseSpace, MacroPhaseSpace, referenceNetwork } from './phase-space.js'

/** The space of a phase around known networks. A block phase keeps the macro structure of the first of them. */
export function phaseSpace({ name }: Phase, bounds: SpaceBounds, known: readonly string[]): ArchitectureSpace {
  const genomes = known.map(parseGenome)
  switch (name) {
    case 'block':
      return new BlockPhaseSpace(bounds, genomes)
    case 'macro':
      return new MacroPhaseSpace(bounds, genomes)
    case 'joint':
      return new ArchitectureSpace(bounds)
  }
}

/** What the first phase begins around. */
export function firstKnown(bounds: SpaceBounds, seed: number): string[] {
  return [formatGenome(referenceNetwork(createRng(seed), bounds))]
}

/** Keys of the results of the longest trainings that no other is better than, in the order they were told; none that breaks a constraint where one does not. */
export function frontKeys(observations: readonly Observation[], objectives: readonly Objective[], constraints: readonly Constraint[] = []): string[] {
  const latest = new Map(observations.map((observation) => [observation.key, observation]))
  const most = Math.max(...observations.map(({ fidelity = 1 }) => fidelity))
  const measured = [...latest.values()].flatMap((observation) => {
    const costs = costsOf(observation, objectives)
    return costs === null || (observation.fidelity ?? 1) < most ? [] : [{ key: observation.key, costs, violation: violationOf(observation, constraints) }]
  })
  const ranks = constrainedSort(measured)
  return measured.flatMap(({ key }, i) => (ranks[i] === 0 ? [key] : []))
}

/** Share of the population's size that a later phase samples at first, to see the range of what it may change. */
const sampledShare = 0.5

interface Room {
  readonly bounds: SpaceBounds
  /** Size of the population. */
  readonly population: number
}

/** The state in which a phase begins after another: the generator goes on, the front is its population, and a first sample comes first. */
export function beginPhase(phase: Phase, known: readonly string[], front: readonly string[], state: SearchState, { bounds, population }: Room): SearchState {
  const rng: Rng = restoreRng(state.rng)
  const space = phaseSpace(phase, bounds, known)
  // Random candidates are samples as they are.
  const sampled = state.algorithm === 'random' ? 0 : Math.ceil(sampledShare * population)
  const sample = sampled === 0 ? [] : space.sampleSpread(rng, sampled)
  const initial = [...space.first, ...sample].map((genome) => space.key(genome))
  return { ...state, rng: rng.state(), initial, population: front.slice(0, population), pool: [] }
}
