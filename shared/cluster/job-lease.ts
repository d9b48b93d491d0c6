import type { TrainingSpecification } from '../training/specification.js'
import type { AttemptReference } from './attempt.js'

/** What a worker is given to do. */
export interface JobLease extends AttemptReference {
  /** Sequence number of the candidate; its checkpoints are kept under it. */
  readonly candidate: number
  readonly specification: TrainingSpecification
  /** Limit of the whole attempt, set-up included, milliseconds; null = none. */
  readonly attemptLimitMs: number | null
}

/** One finished epoch of an attempt. */
export interface EpochReport extends AttemptReference {
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  readonly loss: number
  /** Validation accuracy, 0..1; null where the epoch was not evaluated. */
  readonly top1: number | null
  readonly imagesPerSecond: number
}
