import type { Candidate, CandidateStatus } from '../cluster/candidate.js'
import type { Leader, RunningTraining, SearchSnapshot, SearchStatus, StopMode } from '../cluster/search-snapshot.js'
import type { PhaseName } from '../config/search-config.js'
import { duration, longestDurationMs, present, remark, text, whole, within } from './checked.js'
import { enumMapping } from './enum-mapping.js'
import {
  CandidateStatus as CandidateCode,
  Phase as PhaseCode,
  SearchStatus as StatusCode,
  StopMode as StopCode,
  type Candidate as CandidateMessage,
  type Leader as LeaderMessage,
  type RunningTraining as RunningMessage,
  type SearchSnapshot as SnapshotMessage,
} from './gen/nasoa/v1/control.js'
import { outcomeFromMessage, outcomeToMessage } from './outcome-message.js'

export const searchStatuses = enumMapping<SearchStatus, StatusCode>({
  running: StatusCode.RUNNING,
  stopping: StatusCode.STOPPING,
  finished: StatusCode.FINISHED,
  stopped: StatusCode.STOPPED,
  failed: StatusCode.FAILED,
})

export const candidateStatuses = enumMapping<CandidateStatus, CandidateCode>({
  pending: CandidateCode.PENDING,
  told: CandidateCode.TOLD,
  withdrawn: CandidateCode.WITHDRAWN,
})

const phases = enumMapping<PhaseName, PhaseCode>({ block: PhaseCode.BLOCK, macro: PhaseCode.MACRO, joint: PhaseCode.JOINT })

export const stopModes = enumMapping<StopMode, StopCode>({ finish: StopCode.FINISH_RUNNING, cancel: StopCode.CANCEL_RUNNING })

const largestCount = 0xffffffff

export function snapshotToMessage(snapshot: SearchSnapshot): SnapshotMessage {
  return {
    ...snapshot,
    status: searchStatuses.toCode(snapshot.status),
    elapsedMs: BigInt(Math.round(snapshot.elapsedMs)),
    timeLimitMs: snapshot.timeLimitMs === null ? undefined : BigInt(Math.round(snapshot.timeLimitMs)),
    running: snapshot.running.map(runningToMessage),
    mostAccurate: snapshot.mostAccurate ?? undefined,
    fastest: snapshot.fastest ?? undefined,
    unsuccessful: { ...snapshot.unsuccessful },
    lostAttempts: { ...snapshot.lostAttempts },
    warnings: snapshot.warnings.map((warning) => remark(warning)),
    rungs: snapshot.rungs.map((rung) => ({ ...rung })),
  }
}

export function snapshotFromMessage(message: SnapshotMessage | undefined): SearchSnapshot {
  const snapshot = present(message, 'search')
  return {
    ...snapshot,
    name: text(snapshot.name, 64, 'search.name'),
    status: searchStatuses.toWord(snapshot.status, 'search.status'),
    elapsedMs: duration(snapshot.elapsedMs, longestDurationMs, 'search.elapsed_ms'),
    timeLimitMs: snapshot.timeLimitMs === undefined ? null : duration(snapshot.timeLimitMs, longestDurationMs, 'search.time_limit_ms'),
    running: snapshot.running.map(runningFromMessage),
    hypervolume: within(snapshot.hypervolume, 0, 1e6, 'search.hypervolume'),
    mostAccurate: leaderFromMessage(snapshot.mostAccurate),
    fastest: leaderFromMessage(snapshot.fastest),
  }
}

function runningToMessage(running: RunningTraining): RunningMessage {
  return { ...running, top1: running.top1 ?? undefined, loss: running.loss ?? undefined, runningMs: BigInt(Math.round(running.runningMs)) }
}

function runningFromMessage(message: RunningMessage): RunningTraining {
  return {
    ...message,
    top1: message.top1 ?? null,
    loss: message.loss ?? null,
    runningMs: duration(message.runningMs, longestDurationMs, 'running_ms'),
  }
}

function leaderFromMessage(message: LeaderMessage | undefined): Leader | null {
  return message === undefined ? null : { ...message }
}

export function candidateToMessage(candidate: Candidate): CandidateMessage {
  return {
    ...candidate,
    status: candidateStatuses.toCode(candidate.status),
    parents: [...candidate.parents],
    params: BigInt(candidate.params),
    macs: BigInt(candidate.macs),
    activations: BigInt(candidate.activations),
    outcome: candidate.outcome === null ? undefined : outcomeToMessage(candidate.outcome),
    toldSequence: candidate.toldSequence ?? undefined,
    phase: candidate.phase === undefined ? undefined : phases.toCode(candidate.phase),
  }
}

export function candidateFromMessage(message: CandidateMessage): Candidate {
  const count = (value: bigint, field: string): number => whole(value, 0, Number.MAX_SAFE_INTEGER, `candidate.${field}`)
  return {
    sequence: whole(message.sequence, 1, largestCount, 'candidate.sequence'),
    encoding: text(message.encoding, 1_000, 'candidate.encoding'),
    status: candidateStatuses.toWord(message.status, 'candidate.status'),
    operator: remark(message.operator, 64),
    parents: [...message.parents],
    params: count(message.params, 'params'),
    macs: count(message.macs, 'macs'),
    activations: count(message.activations, 'activations'),
    outcome: message.outcome === undefined ? null : outcomeFromMessage(message.outcome),
    toldSequence: message.toldSequence ?? null,
    rung: whole(message.rung, 0, 1_000, 'candidate.rung'),
    ...(message.phase !== undefined && { phase: phases.toWord(message.phase, 'candidate.phase') }),
  }
}
