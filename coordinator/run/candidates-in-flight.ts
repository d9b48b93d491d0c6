import type { SearchConfig } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { newJob, type Job } from '../jobs/job.js'
import type { JobPolicy } from '../jobs/policy.js'
import type { Proposal } from '../search/search.js'
import type { SearchStore } from '../store/store.js'
import type { KnownResult } from '../warm-start/known-network.js'
import type { Climb } from './climb.js'
import { fidelityOf, isWhole, rungsOf } from './fidelity.js'
import { isVerdict, observationOf, type Verdict } from './observation.js'
import type { RunObserver } from './run-observer.js'
import type { SearchHost } from './search-host.js'
import type { PendingCandidate, StartingPoint } from './starting-point.js'
import type { SearchStatistics } from './statistics.js'
import type { TrainingLengths } from './training-lengths.js'

export interface CandidatesOptions {
  readonly config: SearchConfig
  readonly search: SearchHost
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly lengths: TrainingLengths
  readonly start: StartingPoint
  readonly store: Pick<SearchStore, 'record' | 'recordLazily'>
  readonly policy: JobPolicy
  readonly observer?: RunObserver
  /** Parameters, MACs, activations of a network at the search's resolution and classes. */
  readonly costOf: (encoding: string) => NetworkCost
}

/** How a candidate came to be whose result is another search's. */
export const takenOverOperator = 'taken over'

/** Candidates from their proposal to their outcome: asks the search for them, makes their jobs, tells it how they ended. */
export class CandidatesInFlight {
  /** Whether the search has no more networks to propose. */
  isSpaceExhausted = false
  /** Candidates in a row that only machinery ended. */
  endedByMachineryInARow = 0
  /** Proposals asked for that have not been delivered. */
  requested = 0
  private readonly pending = new Map<number, PendingCandidate>()
  /** How many of them are trained beyond the lowest rung. */
  private climbing = 0
  private lastCandidate: number
  private lastJobId: number
  private lastTold: number

  constructor(private readonly options: CandidatesOptions) {
    const { start } = options
    this.lastCandidate = start.lastCandidate
    this.lastJobId = start.lastJobId
    this.lastTold = start.lastTold
    for (const candidate of start.pending) this.add(candidate)
  }

  /** Number of candidates whose job has not ended, those that are asked for included. */
  get count(): number {
    return this.pending.size + this.requested
  }

  /**
   * Asks for new candidates.
   * @param deliver given them when they are there, perhaps at once: fewer than asked for where the space has no more
   */
  propose(count: number, deliver: (proposals: readonly Proposal[]) => void): void {
    this.requested += count
    this.options.search.ask(count, (proposals) => {
      this.requested -= count
      this.isSpaceExhausted = proposals.length < count
      deliver(proposals)
    })
  }

  /** Takes proposals on. @returns their jobs, recorded */
  accept(proposals: readonly Proposal[], atMs: number): Job[] {
    return proposals.map((proposal) => this.firstJobOf(proposal, atMs))
  }

  /** Counts results of another search as if they had been trained here; they use up no budget. */
  takeOver(results: readonly KnownResult[]): void {
    const { config, search, statistics, lengths, store, costOf } = this.options
    const rung = rungsOf(config).length - 1
    for (const { encoding, outcome } of results) {
      const sequence = ++this.lastCandidate
      const cost = costOf(encoding)
      store.record({ kind: 'proposed', candidate: { sequence, encoding, operator: takenOverOperator, parents: [], ...cost } })
      search.tell([observationOf(encoding, cost, outcome, 1)])
      statistics.tell(encoding, cost, outcome, { isFirst: false, isWhole: true })
      lengths.tell(cost, outcome, rung)
      store.record({ kind: 'told', sequence, toldSequence: ++this.lastTold, outcome, rung })
    }
  }

  /** Number of those that have no result yet, those that are asked for included. */
  get withoutResult(): number {
    return this.count - this.climbing
  }

  /** Whether a candidate is being trained beyond the lowest rung, or has earned it. */
  get isClimbing(): boolean {
    return this.climbing > 0 || this.options.climb.isDue
  }

  /** A measure of how long the trainings of candidates in flight take, as far as is known now. */
  lengths(): (sequence: number) => number {
    const lengthOf = this.options.lengths.measure()
    return (sequence) => {
      const candidate = this.inFlight(sequence)
      return lengthOf(candidate, candidate.rung)
    }
  }

  /** The rung that a candidate in flight is being trained for. */
  rungOf(sequence: number): number {
    return this.inFlight(sequence).rung
  }

  /** Jobs of promotions that are due, at most so many, recorded. */
  promote(count: number, atMs: number): Job[] {
    const jobs: Job[] = []
    while (jobs.length < count) {
      const candidate = this.options.climb.next()
      if (candidate === null) break
      this.options.store.recordLazily({ kind: 'promoted', sequence: candidate.sequence, rung: candidate.rung })
      jobs.push(this.jobOf(candidate, atMs))
    }
    return jobs
  }

  /** Proposals that came too late to be evaluated. */
  decline(proposals: readonly Proposal[]): void {
    this.options.search.withdraw(proposals.map(({ key }) => key))
  }

  /** The outcome of a candidate's job: the search learns of a result, and lets go of what will never have one. */
  end(sequence: number, outcome: Outcome): void {
    const candidate = this.inFlight(sequence)
    this.remove(candidate)
    if (isVerdict(outcome)) this.tell(candidate, outcome)
    else this.giveUp(candidate, outcome)
    this.options.observer?.candidateEnded?.(candidate.encoding, outcome, candidate.rung)
  }

  private add(candidate: PendingCandidate): void {
    this.pending.set(candidate.sequence, candidate)
    if (candidate.rung > 0) this.climbing++
  }

  private remove({ sequence, rung }: PendingCandidate): void {
    this.pending.delete(sequence)
    if (rung > 0) this.climbing--
  }

  private inFlight(sequence: number): PendingCandidate {
    const candidate = this.pending.get(sequence)
    if (!candidate) throw new Error(`candidate ${sequence} is not in flight`)
    return candidate
  }

  private tell(candidate: PendingCandidate, outcome: Verdict): void {
    const { config, search, statistics, climb, lengths, store } = this.options
    const { sequence, encoding, rung } = candidate
    this.endedByMachineryInARow = 0
    search.tell([observationOf(encoding, candidate, outcome, fidelityOf(config, rung))])
    statistics.tell(encoding, candidate, outcome, { isFirst: rung === 0, isWhole: isWhole(config, rung) })
    climb.tell(candidate, outcome)
    lengths.tell(candidate, outcome, rung)
    store.record({ kind: 'told', sequence, toldSequence: ++this.lastTold, outcome, rung })
  }

  private giveUp({ sequence, encoding, rung }: PendingCandidate, outcome: Outcome): void {
    const { search, statistics, store } = this.options
    if (outcome.kind === 'failed') this.endedByMachineryInARow++
    // A promotion that comes to nothing leaves the candidate with the result that it had.
    if (rung > 0) return this.endPromotion(sequence, outcome)
    search.withdraw([encoding])
    statistics.withdraw(outcome)
    store.record({ kind: 'withdrawn', sequence, outcome })
  }

  private endPromotion(sequence: number, outcome: Outcome): void {
    if (outcome.kind === 'cancelled') this.options.store.record({ kind: 'promotion_cancelled', sequence })
  }

  private firstJobOf({ key, operator, parents, phase }: Proposal, atMs: number): Job {
    const { store, costOf } = this.options
    const candidate = { sequence: ++this.lastCandidate, encoding: key, rung: 0, ...costOf(key) }
    // Nobody has been promised anything: what a crash takes is proposed again, by the same generator.
    store.recordLazily({ kind: 'proposed', candidate: { ...candidate, operator, parents, ...(phase && { phase }) } })
    return this.jobOf(candidate, atMs)
  }

  private jobOf(candidate: PendingCandidate, atMs: number): Job {
    const { store, policy } = this.options
    const { sequence, encoding } = candidate
    const job = newJob({ id: ++this.lastJobId, candidate: sequence, encoding }, atMs, policy)
    this.add(candidate)
    store.recordLazily({ kind: 'job', job })
    return job
  }
}
