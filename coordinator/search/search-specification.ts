import { InvalidInputError } from '../../shared/errors.js'
import type { SpaceBounds } from '../../shared/space/bounds.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import type { Genome } from '../../shared/space/genome.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { StepTimeConstraint } from './admission.js'
import { ArchitectureSpace } from './architecture-space.js'
import type { Constraint } from './constraint.js'
import { createEvolution, restoreEvolution } from './evolution.js'
import { FidelitySpace } from './fidelity-space.js'
import type { Objective } from './objective.js'
import { beginPhase, firstKnown, frontKeys, phaseSpace } from './phases/architecture-phases.js'
import type { Phase } from './phases/phase.js'
import { type PhaseFactory, type PhaseState, type PhasedState, PhasedSearch } from './phases/phased-search.js'
import { createRandomSearch, restoreRandomSearch } from './random-search.js'
import type { Search, SearchHistory } from './search.js'
import type { SearchSpace } from './search-space.js'
import { type Fitting, createSurrogateSearch, restoreSurrogateSearch } from './surrogate/surrogate-search.js'

/** Model-assisted evolution; plain evolution; the yardstick of both. */
export type SearchAlgorithm = 'nasoa' | 'nsga2' | 'random'

/** A search of architectures, complete and in plain JSON, so that it can be built in another thread. */
export interface SearchSpecification {
  readonly algorithm: SearchAlgorithm
  readonly bounds: SpaceBounds
  readonly objectives: readonly Objective[]
  readonly constraints?: readonly Constraint[]
  readonly population: number
  readonly seed: number
  /** Smallest share of a whole training that a candidate is evaluated by; absent = all are trained to the end. */
  readonly leastFidelity?: number
  /** Phases, each from the front of the one before; none = everything may change from the start. */
  readonly phases?: readonly Phase[]
  /** Candidates that are predicted to break it are turned away; absent = none are. */
  readonly stepTime?: StepTimeConstraint
  /** Encodings to evaluate before anything else. */
  readonly initial?: readonly string[]
}

/** A new search. The same specification gives the same search. */
export function createSearch(specification: SearchSpecification, fitting: Fitting = 'inline'): Search {
  const { phases = [], bounds, seed } = specification
  if (phases.length === 0) return createIn(new ArchitectureSpace(bounds), specification, fitting)
  const known = firstKnown(bounds, seed)
  const factory = phaseFactory(specification, phases, fitting)
  return new PhasedSearch(factory, factory.create(phases[0], known), { phase: 0, proposed: 0, known, initial: initialKeys(specification) })
}

/** Canonical encodings of the networks to begin with, each once. */
function initialKeys({ initial = [] }: SearchSpecification): string[] {
  return [...new Set(initial.map((encoding) => canonicalEncoding(parseGenome(encoding))))]
}

function phaseFactory(specification: SearchSpecification, phases: readonly Phase[], fitting: Fitting): PhaseFactory {
  const { bounds, objectives, constraints, population } = specification
  return {
    phases,
    create: (phase, known) => createIn(phaseSpace(phase, bounds, known), specification, fitting),
    restore: (phase, known, history) => restoreIn(phaseSpace(phase, bounds, known), specification, history, fitting),
    begin: (phase, known, front, state) => beginPhase(phase, known, front, state, { bounds, population }),
    frontOf: (observations) => frontKeys(observations, objectives, constraints),
  }
}

function withFidelity(space: ArchitectureSpace, { leastFidelity = 1 }: SearchSpecification): SearchSpace<Genome> {
  return leastFidelity < 1 ? new FidelitySpace(space, leastFidelity) : space
}

function createIn(architectures: ArchitectureSpace, specification: SearchSpecification, fitting: Fitting): Search {
  const { algorithm, ...rest } = specification
  const space = withFidelity(architectures, specification)
  const options = { ...rest, initial: [...initialKeys(specification), ...architectures.first.map((genome) => space.key(genome))] }
  switch (algorithm) {
    case 'nasoa':
      return createSurrogateSearch({ ...options, space, fitting })
    case 'nsga2':
      return createEvolution({ ...options, space })
    case 'random':
      return createRandomSearch({ ...options, space })
  }
}

/**
 * The search that a store kept, continued exactly. `seed` and `initial` of the specification no longer matter.
 * @throws InvalidInputError when the state is another algorithm's or does not fit the history.
 */
export function restoreSearch(specification: SearchSpecification, history: SearchHistory, fitting: Fitting = 'inline'): Search {
  const { phases = [], bounds } = specification
  if (phases.length === 0) return restoreIn(new ArchitectureSpace(bounds), specification, history, fitting)
  const { phases: at } = history.state as PhasedState
  if ((at as PhaseState | undefined) === undefined) throw new InvalidInputError('the stored search has no phases, but its config names some')
  const factory = phaseFactory(specification, phases, fitting)
  return new PhasedSearch(factory, factory.restore(phases[at.phase], at.known, history), at, history)
}

function restoreIn(architectures: ArchitectureSpace, specification: SearchSpecification, history: SearchHistory, fitting: Fitting): Search {
  const { algorithm, ...options } = specification
  const space = withFidelity(architectures, specification)
  switch (algorithm) {
    case 'nasoa':
      return restoreSurrogateSearch({ ...options, space, fitting }, history)
    case 'nsga2':
      return restoreEvolution({ ...options, space }, history)
    case 'random':
      return restoreRandomSearch({ space, stepTime: options.stepTime }, history)
  }
}
