import type { FailureReason, Outcome, TrainingResult } from '../training/outcome.js'
import { duration, longestDurationMs, present, remark, text, whole, within } from './checked.js'
import { enumMapping } from './enum-mapping.js'
import { precisions } from './specification-message.js'
import { FailureReason as ReasonCode, type Outcome as OutcomeMessage, type Succeeded, type StepTime } from './gen/nasoa/v1/training.js'

/** Words and numbers of failures. */
export const failureReasons = enumMapping<FailureReason, ReasonCode>({
  worker_lost: ReasonCode.WORKER_LOST,
  preempted: ReasonCode.PREEMPTED,
  disk: ReasonCode.DISK,
  network: ReasonCode.NETWORK,
  data: ReasonCode.DATA,
  crashed: ReasonCode.CRASHED,
  internal: ReasonCode.INTERNAL,
  quarantined: ReasonCode.QUARANTINED,
  queue_limit: ReasonCode.QUEUE_LIMIT,
  attempt_limit: ReasonCode.ATTEMPT_LIMIT,
  overall_limit: ReasonCode.OVERALL_LIMIT,
})

export function outcomeToMessage(outcome: Outcome): OutcomeMessage {
  return { kind: kindToMessage(outcome) }
}

function kindToMessage(outcome: Outcome): NonNullable<OutcomeMessage['kind']> {
  switch (outcome.kind) {
    case 'succeeded':
      return { $case: 'succeeded', value: resultToMessage(outcome.result) }
    case 'diverged':
      return { $case: 'diverged', value: { epoch: outcome.epoch, message: remark(outcome.message) } }
    case 'out_of_memory':
      return { $case: 'outOfMemory', value: { peakBytes: BigInt(Math.round(outcome.peakBytes)), message: remark(outcome.message) } }
    case 'timed_out':
      return { $case: 'timedOut', value: { limitMs: BigInt(Math.round(outcome.limitMs)), message: remark(outcome.message) } }
    case 'cancelled':
      return { $case: 'cancelled', value: { message: remark(outcome.message) } }
    case 'failed':
      return { $case: 'failed', value: { reason: failureReasons.toCode(outcome.reason), message: remark(outcome.message) } }
  }
}

function resultToMessage(result: TrainingResult): Succeeded {
  return {
    top1: result.top1,
    loss: result.loss,
    epochs: result.epochs,
    imagesPerSecond: result.imagesPerSecond,
    stepMs: { ...result.stepMs },
    trainingMs: BigInt(Math.round(result.trainingMs)),
    deviceClass: result.deviceClass,
    precision: precisions.toCode(result.precision),
    images: { ...result.images },
    checkpoint: result.checkpoint,
  }
}

/** @throws InvalidInputError naming the field at fault */
export function outcomeFromMessage(message: OutcomeMessage | undefined): Outcome {
  const kind = present(message?.kind, 'outcome')
  switch (kind.$case) {
    case 'succeeded':
      return { kind: 'succeeded', result: resultFromMessage(kind.value) }
    case 'diverged':
      return { kind: 'diverged', epoch: whole(kind.value.epoch, 0, 1e6, 'outcome.epoch'), message: remark(kind.value.message) }
    case 'outOfMemory':
      return {
        kind: 'out_of_memory',
        peakBytes: whole(kind.value.peakBytes, 0, Number.MAX_SAFE_INTEGER, 'outcome.peak_bytes'),
        message: remark(kind.value.message),
      }
    case 'timedOut':
      return { kind: 'timed_out', limitMs: duration(kind.value.limitMs, longestDurationMs, 'outcome.limit_ms'), message: remark(kind.value.message) }
    case 'cancelled':
      return { kind: 'cancelled', message: remark(kind.value.message) }
    case 'failed':
      return { kind: 'failed', reason: failureReasons.toWord(kind.value.reason, 'outcome.reason'), message: remark(kind.value.message) }
  }
}

function resultFromMessage(message: Succeeded): TrainingResult {
  const images = present(message.images, 'result.images')
  const count = (value: number, field: string): number => whole(value, 0, 1e9, `result.images.${field}`)
  return {
    top1: within(message.top1, 0, 1, 'result.top1'),
    loss: within(message.loss, -1e30, 1e30, 'result.loss'),
    epochs: whole(message.epochs, 1, 1e6, 'result.epochs'),
    imagesPerSecond: within(message.imagesPerSecond, Number.MIN_VALUE, 1e12, 'result.images_per_second'),
    stepMs: stepTimeFromMessage(present(message.stepMs, 'result.step_ms')),
    trainingMs: duration(message.trainingMs, longestDurationMs, 'result.training_ms'),
    deviceClass: remark(text(message.deviceClass, 200, 'result.device_class')),
    precision: precisions.toWord(message.precision, 'result.precision'),
    images: {
      train: count(images.train, 'train'),
      validation: count(images.validation, 'validation'),
      unreadable: count(images.unreadable, 'unreadable'),
    },
    ...(message.checkpoint === undefined ? {} : { checkpoint: remark(text(message.checkpoint, 4_096, 'result.checkpoint'), 4_096) }),
  }
}

function stepTimeFromMessage({ median, p10, p90 }: StepTime): TrainingResult['stepMs'] {
  within(median, Number.MIN_VALUE, longestDurationMs, 'result.step_ms.median')
  within(p10, Number.MIN_VALUE, median, 'result.step_ms.p10')
  within(p90, median, longestDurationMs, 'result.step_ms.p90')
  return { median, p10, p90 }
}
