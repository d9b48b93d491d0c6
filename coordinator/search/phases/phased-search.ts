import type { Observation, Proposal, Search, SearchHistory, SearchState } from '../search.js'
import type { SurrogateFit, SurrogateFitTask } from '../surrogate/surrogate.js'
import type { Phase } from './phase.js'

/** Where a search is among its phases, kept with the state of the phase's own search. */
export interface PhaseState {
  /** Index of the phase. */
  readonly phase: number
  /** Proposals it has made, without the networks that the search begins with. */
  readonly proposed: number
  /** Keys of the networks it began with: the front of the phase before, or the macro structure's network of a first block phase. */
  readonly known: readonly string[]
  /** Keys of the networks that the search begins with; absent in older states: none. */
  readonly initial?: readonly string[]
}

export interface PhasedState extends SearchState {
  readonly phases: PhaseState
}

/** How the searches of the phases are made. */
export interface PhaseFactory {
  readonly phases: readonly Phase[]
  /** A search of the phase, new. */
  create(phase: Phase, known: readonly string[]): Search
  /** One that goes on from a state of its own, or of the phase before. */
  restore(phase: Phase, known: readonly string[], history: SearchHistory): Search
  /** The state with which a phase begins after another, given the last one's state: with a first sample, and the front as its population. */
  begin(phase: Phase, known: readonly string[], front: readonly string[], state: SearchState): SearchState
  /** Keys of the results that no other is better than. */
  frontOf(observations: readonly Observation[]): string[]
}

/**
 * A search in phases: each begins from the front of the one before, knows all results so far, and hands over when it has proposed its
 * share, without waiting for what is in flight. The last one goes on for as long as it is asked.
 */
export class PhasedSearch implements Search {
  private readonly observations: Observation[] = []
  private readonly pending = new Map<string, Proposal>()

  constructor(
    private readonly factory: PhaseFactory,
    private inner: Search,
    private at: PhaseState,
    history?: SearchHistory,
  ) {
    this.observations.push(...(history?.observations ?? []))
    for (const proposal of history?.pending ?? []) this.pending.set(proposal.key, proposal)
  }

  ask(count: number): Proposal[] {
    const proposals: Proposal[] = []
    while (proposals.length < count) {
      const wanted = Math.min(count - proposals.length, this.left)
      const made = this.inner.ask(wanted).map((proposal) => this.marked(proposal))
      for (const proposal of made) this.pending.set(proposal.key, proposal)
      proposals.push(...made)
      this.at = { ...this.at, proposed: this.at.proposed + made.filter(({ phase }) => phase !== undefined).length }
      if (made.length < wanted && this.isLast) break
      if (made.length < wanted || this.left === 0) this.handOver()
    }
    return proposals
  }

  tell(observations: readonly Observation[]): void {
    this.inner.tell(observations)
    for (const observation of observations) this.pending.delete(observation.key)
    this.observations.push(...observations)
  }

  withdraw(keys: readonly string[]): void {
    this.inner.withdraw(keys)
    for (const key of keys) this.pending.delete(key)
  }

  state(): PhasedState {
    return { ...this.inner.state(), phases: this.at }
  }

  fitDue(): SurrogateFitTask | null {
    return this.inner.fitDue?.() ?? null
  }

  applyFit(fit: SurrogateFit): void {
    this.inner.applyFit?.(fit)
  }

  /** Networks to begin with are no phase's own. */
  private marked(proposal: Proposal): Proposal {
    return this.at.initial?.includes(proposal.key) === true ? proposal : { ...proposal, phase: this.factory.phases[this.at.phase].name }
  }

  private get isLast(): boolean {
    return this.at.phase === this.factory.phases.length - 1
  }

  private get left(): number {
    return this.isLast ? Infinity : Math.max(0, this.factory.phases[this.at.phase].budget - this.at.proposed)
  }

  private handOver(): void {
    const phase = this.factory.phases[this.at.phase + 1]
    const front = this.factory.frontOf(this.observations)
    const known = front.length > 0 ? front : this.at.known
    const state = this.factory.begin(phase, known, front, this.inner.state())
    this.at = { ...this.at, phase: this.at.phase + 1, proposed: 0, known }
    this.inner = this.factory.restore(phase, known, { state, observations: this.observations, pending: [...this.pending.values()] })
  }
}
