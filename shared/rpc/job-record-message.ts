import type { FailureGroup, JobRecord } from '../cluster/job-record.js'
import type { Outcome } from '../training/outcome.js'
import { InvalidInputError } from '../errors.js'
import { remark, whole } from './checked.js'
import { enumMapping } from './enum-mapping.js'
import { JobState as StateCode, type FailureGroup as GroupMessage, type Job as JobMessage } from './gen/nasoa/v1/control.js'
import { FailureReason as ReasonCode } from './gen/nasoa/v1/training.js'
import { failureReasons } from './outcome-message.js'

const states = enumMapping<JobRecord['state'], StateCode>({
  queued: StateCode.QUEUED,
  leased: StateCode.LEASED,
  running: StateCode.RUNNING,
  done: StateCode.DONE,
})

const outcomes: readonly Outcome['kind'][] = ['succeeded', 'diverged', 'out_of_memory', 'timed_out', 'cancelled', 'failed']

export function jobToMessage(job: JobRecord): JobMessage {
  const { id, candidate, encoding, attempt, failures } = job
  return {
    id,
    candidate,
    encoding,
    attempt,
    failures,
    state: states.toCode(job.state),
    reason: remark(job.reason),
    createdAtMs: BigInt(Math.round(job.createdAtMs)),
    sinceMs: BigInt(Math.round(job.sinceMs)),
    deadlineMs: job.deadlineMs === null ? undefined : BigInt(Math.round(job.deadlineMs)),
    outgrownMemoryBytes: job.outgrownMemoryBytes === null ? undefined : BigInt(Math.round(job.outgrownMemoryBytes)),
    workerId: job.workerId ?? undefined,
    outcome: job.outcome ?? undefined,
    failureReason: job.failureReason === null ? ReasonCode.UNSPECIFIED : failureReasons.toCode(job.failureReason),
  }
}

export function jobFromMessage(message: JobMessage): JobRecord {
  const { id, candidate, encoding, attempt, failures } = message
  return {
    id,
    candidate,
    encoding,
    attempt,
    failures,
    state: states.toWord(message.state, 'job.state'),
    reason: remark(message.reason),
    createdAtMs: time(message.createdAtMs, 'created_at_ms'),
    sinceMs: time(message.sinceMs, 'since_ms'),
    deadlineMs: message.deadlineMs === undefined ? null : time(message.deadlineMs, 'deadline_ms'),
    outgrownMemoryBytes: message.outgrownMemoryBytes === undefined ? null : whole(message.outgrownMemoryBytes, 0, Number.MAX_SAFE_INTEGER, 'job.outgrown_memory_bytes'),
    workerId: message.workerId ?? null,
    outcome: message.outcome === undefined ? null : outcomeWord(message.outcome),
    failureReason: message.failureReason === ReasonCode.UNSPECIFIED ? null : failureReasons.toWord(message.failureReason, 'job.failure_reason'),
  }
}

export function failureGroupToMessage({ reason, latestAtMs, latestMessage, ...counts }: FailureGroup): GroupMessage {
  return { ...counts, reason: failureReasons.toCode(reason), latestMessage: remark(latestMessage), latestAtMs: BigInt(Math.round(latestAtMs)) }
}

export function failureGroupFromMessage({ reason, latestAtMs, latestMessage, ...counts }: GroupMessage): FailureGroup {
  return { ...counts, reason: failureReasons.toWord(reason, 'group.reason'), latestMessage: remark(latestMessage), latestAtMs: time(latestAtMs, 'latest_at_ms') }
}

function outcomeWord(word: string): Outcome['kind'] {
  const known = outcomes.find((each) => each === word)
  if (known === undefined) throw new InvalidInputError(`job.outcome has no value '${remark(word, 50)}'`)
  return known
}

function time(value: bigint, field: string): number {
  return whole(value, 0, Number.MAX_SAFE_INTEGER, field)
}
