import type { FailureReason, Outcome } from '../training/outcome.js'

/** `finished`: the budget is used up. `stopped`: somebody ended it. `failed`: it could not go on. */
export type FinalStatus = 'finished' | 'stopped' | 'failed'
export type SearchStatus = 'running' | 'stopping' | FinalStatus

export function isFinal(status: SearchStatus): status is FinalStatus {
  return status === 'finished' || status === 'stopped' || status === 'failed'
}

/** `finish`: running trainings go on to their end. `cancel`: they are cancelled. */
export type StopMode = 'finish' | 'cancel'

/** One training that is going on. */
export interface RunningTraining {
  readonly jobId: number
  readonly token: number
  readonly encoding: string
  /** The worker's name. */
  readonly worker: string
  /** Finished epochs. */
  readonly epoch: number
  readonly epochs: number
  readonly top1: number | null
  readonly loss: number | null
  readonly runningMs: number
}

/** A candidate worth showing: the most accurate, or the fastest to train. */
export interface Leader {
  readonly encoding: string
  readonly top1: number
  readonly imagesPerSecond: number
}

/** A rung of a search with several fidelities. */
export interface RungProgress {
  /** Epochs that a candidate has been trained for at its end. */
  readonly epochs: number
  readonly results: number
  /** Results that have gone on to the next rung. */
  readonly promoted: number
}

/** A search at one moment. Complete in itself: a reader may miss any number of earlier ones. */
export interface SearchSnapshot {
  readonly name: string
  readonly status: SearchStatus
  /** Why the status is what it is, for people; empty while running. */
  readonly statusReason: string
  /** Time spent searching, all runs of the coordinator together. */
  readonly elapsedMs: number
  readonly timeLimitMs: number | null
  /** Candidates that ended with a result (`succeeded`, `diverged`, `out_of_memory`, `timed_out`). */
  readonly trained: number
  readonly budget: number
  readonly queued: number
  readonly workers: number
  readonly slots: number
  /** Oldest first, at most 256 of them. */
  readonly running: readonly RunningTraining[]
  readonly runningTotal: number
  readonly frontSize: number
  /** Of the objectives scaled to the range of all candidates so far. */
  readonly hypervolume: number
  readonly mostAccurate: Leader | null
  readonly fastest: Leader | null
  /** Candidates that ended without a measurement, by kind of outcome. */
  readonly unsuccessful: Readonly<Partial<Record<Outcome['kind'], number>>>
  /** Attempts that machines or workers lost, by reason. */
  readonly lostAttempts: Readonly<Partial<Record<FailureReason, number>>>
  /** What an operator should know, one line each. */
  readonly warnings: readonly string[]
  /** Lowest first; empty in a search without rungs. */
  readonly rungs: readonly RungProgress[]
  /** Networks that were predicted to break a constraint on the step time, and not trained. */
  readonly refused: number
}
