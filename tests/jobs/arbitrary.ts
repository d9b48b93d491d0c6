import type { FailureReason, Outcome, TrainingResult } from '../../shared/training/outcome.js'
import { defaultJobPolicy, type JobPolicy } from '../../coordinator/jobs/policy.js'

export const policy: JobPolicy = { ...defaultJobPolicy, leaseTtlMs: 1000, maximumFailures: 3, retryDelayMs: 100, longestRetryDelayMs: 1000 }

export const result: TrainingResult = {
  top1: 0.5,
  loss: 1.5,
  epochs: 2,
  imagesPerSecond: 100,
  stepMs: { median: 10, p10: 9, p90: 12 },
  trainingMs: 2000,
  deviceClass: 'test',
  precision: 'float32',
  images: { train: 100, validation: 20, unreadable: 0 },
}
export const succeeded: Outcome = { kind: 'succeeded', result }
export const diverged: Outcome = { kind: 'diverged', epoch: 1, message: 'loss is NaN' }
export const outOfMemory = { kind: 'out_of_memory', peakBytes: 123, message: 'OOM when allocating' } as const satisfies Outcome
export const cancelled: Outcome = { kind: 'cancelled', message: 'asked to' }
export const failed = (reason: FailureReason = 'crashed'): Outcome => ({ kind: 'failed', reason, message: 'it broke' })
