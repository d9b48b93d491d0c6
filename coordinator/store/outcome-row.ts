import type { FailureReason, Outcome, TrainingResult } from '../../shared/training/outcome.js'
import type { Precision } from '../../shared/training/specification.js'

/** The columns of an outcome, in the order of `outcomeColumns`. */
export interface OutcomeRow {
  readonly outcome: Outcome['kind'] | null
  readonly top1: number | null
  readonly loss: number | null
  readonly epochs: number | null
  readonly images_per_second: number | null
  readonly step_ms: number | null
  readonly step_ms_p10: number | null
  readonly step_ms_p90: number | null
  readonly training_ms: number | null
  readonly device_class: string | null
  readonly precision: Precision | null
  readonly train_images: number | null
  readonly validation_images: number | null
  readonly unreadable_images: number | null
  readonly checkpoint: string | null
  readonly diverged_epoch: number | null
  readonly peak_bytes: number | null
  readonly limit_ms: number | null
  readonly failure_reason: FailureReason | null
  readonly message: string | null
}

const empty: OutcomeRow = {
  outcome: null,
  top1: null,
  loss: null,
  epochs: null,
  images_per_second: null,
  step_ms: null,
  step_ms_p10: null,
  step_ms_p90: null,
  training_ms: null,
  device_class: null,
  precision: null,
  train_images: null,
  validation_images: null,
  unreadable_images: null,
  checkpoint: null,
  diverged_epoch: null,
  peak_bytes: null,
  limit_ms: null,
  failure_reason: null,
  message: null,
}

export const outcomeColumns = Object.keys(empty) as (keyof OutcomeRow)[]

export function outcomeValues(outcome: Outcome): (string | number | null)[] {
  const row = rowOf(outcome)
  return outcomeColumns.map((column) => row[column])
}

function rowOf(outcome: Outcome): OutcomeRow {
  if (outcome.kind === 'succeeded') return { ...empty, outcome: outcome.kind, ...resultRow(outcome.result) }
  const ended = { ...empty, outcome: outcome.kind, message: outcome.message }
  switch (outcome.kind) {
    case 'diverged':
      return { ...ended, diverged_epoch: outcome.epoch }
    case 'out_of_memory':
      return { ...ended, peak_bytes: outcome.peakBytes }
    case 'timed_out':
      return { ...ended, limit_ms: outcome.limitMs }
    case 'cancelled':
      return ended
    case 'failed':
      return { ...ended, failure_reason: outcome.reason }
  }
}

function resultRow(result: TrainingResult): Partial<OutcomeRow> {
  return {
    top1: result.top1,
    loss: result.loss,
    epochs: result.epochs,
    images_per_second: result.imagesPerSecond,
    step_ms: result.stepMs.median,
    step_ms_p10: result.stepMs.p10,
    step_ms_p90: result.stepMs.p90,
    training_ms: result.trainingMs,
    device_class: result.deviceClass,
    precision: result.precision,
    train_images: result.images.train,
    validation_images: result.images.validation,
    unreadable_images: result.images.unreadable,
    checkpoint: result.checkpoint ?? null,
  }
}

/** The outcome that a row holds; null = none yet. */
export function outcomeOf(row: OutcomeRow): Outcome | null {
  const message = row.message ?? ''
  switch (row.outcome) {
    case null:
      return null
    case 'succeeded':
      return { kind: 'succeeded', result: resultOf(row) }
    case 'diverged':
      return { kind: 'diverged', epoch: row.diverged_epoch ?? 0, message }
    case 'out_of_memory':
      return { kind: 'out_of_memory', peakBytes: row.peak_bytes ?? 0, message }
    case 'timed_out':
      return { kind: 'timed_out', limitMs: row.limit_ms ?? 0, message }
    case 'cancelled':
      return { kind: 'cancelled', message }
    case 'failed':
      return { kind: 'failed', reason: row.failure_reason ?? 'internal', message }
  }
}

function resultOf(row: OutcomeRow): TrainingResult {
  return {
    top1: present(row.top1),
    loss: present(row.loss),
    epochs: present(row.epochs),
    imagesPerSecond: present(row.images_per_second),
    stepMs: { median: present(row.step_ms), p10: present(row.step_ms_p10), p90: present(row.step_ms_p90) },
    trainingMs: present(row.training_ms),
    deviceClass: row.device_class ?? '',
    precision: present(row.precision),
    images: { train: present(row.train_images), validation: present(row.validation_images), unreadable: present(row.unreadable_images) },
    ...(row.checkpoint === null ? {} : { checkpoint: row.checkpoint }),
  }
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new TypeError('a column of a succeeded training is NULL')
  return value
}
