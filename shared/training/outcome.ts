import type { Precision } from './specification.js'

/**
 * Why an attempt or a job failed without a result. The first four are the machinery's alone and free for the candidate; the
 * next three may be anybody's; the last four are the coordinator's own decisions.
 */
export type FailureReason =
  | 'worker_lost'
  | 'preempted'
  | 'disk'
  | 'network'
  | 'data'
  | 'crashed'
  | 'internal'
  /** The candidate is given up: too many workers were lost, or trainers crashed, while training it. */
  | 'quarantined'
  | 'queue_limit'
  | 'attempt_limit'
  | 'overall_limit'

/** What a finished training measured. */
export interface TrainingResult {
  /** Final validation accuracy, 0..1. */
  readonly top1: number
  /** Mean training loss of the last epoch. */
  readonly loss: number
  readonly epochs: number
  /** Training throughput, images per second, from the quiet measurement. */
  readonly imagesPerSecond: number
  /** Median training step, milliseconds, with its spread. */
  readonly stepMs: { readonly median: number; readonly p10: number; readonly p90: number }
  /** Wall time of the training itself, milliseconds. */
  readonly trainingMs: number
  readonly deviceClass: string
  /** What the steps were computed in, also where the recipe left it to the worker. */
  readonly precision: Precision
  readonly images: { readonly train: number; readonly validation: number; readonly unreadable: number }
  /** Path of the last checkpoint, where one was written. */
  readonly checkpoint?: string
}

/**
 * How a training ended. `succeeded`, `diverged`, `out_of_memory` and `timed_out` are results that the search learns from;
 * `cancelled` teaches nothing; `failed` is retried elsewhere and never counts against the candidate.
 */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: TrainingResult }
  | { readonly kind: 'diverged'; readonly epoch: number; readonly message: string }
  | { readonly kind: 'out_of_memory'; readonly peakBytes: number; readonly message: string }
  | { readonly kind: 'timed_out'; readonly limitMs: number; readonly message: string }
  | { readonly kind: 'cancelled'; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly message: string }
