import type { AttemptReference, Cancellation, HeldAttempt } from '../cluster/attempt.js'
import type { EpochReport, JobLease } from '../cluster/job-lease.js'
import { duration, longestDurationMs, present, remark, whole, within } from './checked.js'
import type {
  AttemptReference as AttemptMessage,
  Cancellation as CancellationMessage,
  HeldAttempt as HeldMessage,
  JobLease as LeaseMessage,
  ReportProgressRequest,
} from './gen/nasoa/v1/worker.js'
import { specificationFromMessage, specificationToMessage } from './specification-message.js'

export function attemptToMessage({ jobId, token }: AttemptReference): AttemptMessage {
  return { jobId, token }
}

export function attemptFromMessage(message: AttemptMessage | undefined): AttemptReference {
  const { jobId, token } = present(message, 'attempt')
  return { jobId: whole(jobId, 1, 0xffffffff, 'attempt.job_id'), token: whole(token, 1, 0xffffffff, 'attempt.token') }
}

export function heldToMessage(held: HeldAttempt): HeldMessage {
  return { attempt: attemptToMessage(held), slot: held.slot }
}

export function heldFromMessage({ attempt, slot }: HeldMessage): HeldAttempt {
  return { ...attemptFromMessage(attempt), slot: slotFromMessage(slot) }
}

export function slotFromMessage(slot: number): number {
  return whole(slot, 0, 1023, 'slot')
}

export function cancellationToMessage(cancellation: Cancellation): CancellationMessage {
  return { attempt: attemptToMessage(cancellation), reason: remark(cancellation.reason) }
}

export function cancellationFromMessage({ attempt, reason }: CancellationMessage): Cancellation {
  return { ...attemptFromMessage(attempt), reason: remark(reason) }
}

export function leaseToMessage(lease: JobLease): LeaseMessage {
  return {
    attempt: attemptToMessage(lease),
    candidate: lease.candidate,
    specification: specificationToMessage(lease.specification),
    attemptLimitMs: lease.attemptLimitMs === null ? undefined : BigInt(Math.round(lease.attemptLimitMs)),
  }
}

export function leaseFromMessage({ attempt, candidate, specification, attemptLimitMs }: LeaseMessage): JobLease {
  return {
    ...attemptFromMessage(attempt),
    candidate: whole(candidate, 1, 0xffffffff, 'candidate'),
    specification: specificationFromMessage(specification),
    attemptLimitMs: attemptLimitMs === undefined ? null : duration(attemptLimitMs, longestDurationMs, 'attempt_limit_ms'),
  }
}

export function epochToMessage(sessionId: string, report: EpochReport): ReportProgressRequest {
  const { epoch, epochs, loss, top1, imagesPerSecond } = report
  return { sessionId, attempt: attemptToMessage(report), epoch, epochs, loss, top1: top1 ?? undefined, imagesPerSecond }
}

export function epochFromMessage(message: ReportProgressRequest): EpochReport {
  const epochs = whole(message.epochs, 1, 1e6, 'epochs')
  return {
    ...attemptFromMessage(message.attempt),
    epoch: whole(message.epoch, 1, epochs, 'epoch'),
    epochs,
    loss: within(message.loss, -1e30, 1e30, 'loss'),
    top1: message.top1 === undefined ? null : within(message.top1, 0, 1, 'top1'),
    imagesPerSecond: within(message.imagesPerSecond, 0, 1e12, 'images_per_second'),
  }
}
