import type { NetworkCost } from '../../shared/network/cost.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { newJob, type Job } from '../jobs/job.js'
import type { JobPolicy } from '../jobs/policy.js'
import type { Proposal } from '../search/search.js'
import type { SearchStore } from '../store/store.js'
import { isVerdict, observationOf } from './observation.js'
import type { RunObserver } from './run-observer.js'
import type { SearchHost } from './search-host.js'
import type { PendingCandidate, StartingPoint } from './starting-point.js'
import type { SearchStatistics } from './statistics.js'

export interface CandidatesOptions {
  readonly search: SearchHost
  readonly statistics: SearchStatistics
  readonly start: StartingPoint
  readonly store: Pick<SearchStore, 'record' | 'recordLazily'>
  readonly policy: JobPolicy
  readonly observer?: RunObserver
  /** Parameters, MACs, activations of a network at the search's resolution and classes. */
  readonly costOf: (encoding: string) => NetworkCost
}

/** Candidates from their proposal to their outcome: asks the search for them, makes their jobs, tells it how they ended. */
export class CandidatesInFlight {
  /** Whether the search has no more networks to propose. */
  isSpaceExhausted = false
  /** Candidates in a row that only machinery ended. */
  endedByMachineryInARow = 0
  /** Proposals asked for that have not been delivered. */
  requested = 0
  private readonly pending = new Map<number, PendingCandidate>()
  private lastCandidate: number
  private lastJobId: number
  private lastTold: number

  constructor(private readonly options: CandidatesOptions) {
    const { start } = options
    this.lastCandidate = start.lastCandidate
    this.lastJobId = start.lastJobId
    this.lastTold = start.lastTold
    for (const candidate of start.pending) this.pending.set(candidate.sequence, candidate)
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
    return proposals.map((proposal) => this.jobOf(proposal, atMs))
  }

  /** Proposals that came too late to be evaluated. */
  decline(proposals: readonly Proposal[]): void {
    this.options.search.withdraw(proposals.map(({ key }) => key))
  }

  /** The outcome of a candidate's job: the search learns of a result, and lets go of what will never have one. */
  end(sequence: number, outcome: Outcome): void {
    const { search, statistics, store, observer } = this.options
    const candidate = this.pending.get(sequence)
    if (!candidate) throw new Error(`candidate ${sequence} ended twice`)
    this.pending.delete(sequence)
    if (isVerdict(outcome)) {
      this.endedByMachineryInARow = 0
      search.tell([observationOf(candidate.encoding, candidate, outcome)])
      statistics.tell(candidate.encoding, candidate, outcome)
      store.record({ kind: 'told', sequence, toldSequence: ++this.lastTold, outcome })
    } else {
      if (outcome.kind === 'failed') this.endedByMachineryInARow++
      search.withdraw([candidate.encoding])
      statistics.withdraw(outcome)
      store.record({ kind: 'withdrawn', sequence, outcome })
    }
    observer?.candidateEnded?.(candidate.encoding, outcome)
  }

  private jobOf({ key, operator, parents }: Proposal, atMs: number): Job {
    const { store, policy, costOf } = this.options
    const candidate = { sequence: ++this.lastCandidate, encoding: key, ...costOf(key) }
    const job = newJob({ id: ++this.lastJobId, candidate: candidate.sequence, encoding: key }, atMs, policy)
    this.pending.set(candidate.sequence, candidate)
    // Nobody has been promised anything: what a crash takes is proposed again, by the same generator.
    store.recordLazily({ kind: 'proposed', candidate: { ...candidate, operator, parents } })
    store.recordLazily({ kind: 'job', job })
    return job
  }
}
