import type { AttemptReference, Cancellation, HeldAttempt } from '../cluster/attempt.js'
import type { EpochReport, JobLease } from '../cluster/job-lease.js'
import { InvalidInputError } from '../errors.js'
import { clientSecurity } from '../security/credentials.js'
import type { Outcome } from '../training/outcome.js'
import { callUnary, type UnaryCallOptions } from './call.js'
import { clientChannelOptions, type Endpoint } from './channel-options.js'
import { duration, identifier, longestDurationMs, text } from './checked.js'
import { ExchangePool } from './exchange-pool.js'
import { Verdict, WorkerServiceClient, type CompleteJobRequest, type CompleteJobResponse } from './gen/nasoa/v1/worker.js'
import {
  attemptFromMessage,
  attemptToMessage,
  cancellationFromMessage,
  epochToMessage,
  leaseFromMessage,
} from './job-message.js'
import { outcomeToMessage } from './outcome-message.js'
import { registrationToMessage, type Registration } from './worker-message.js'

export interface Session {
  readonly sessionId: string
  readonly searchId: string
  readonly searchName: string
  readonly leaseTtlMs: number
  readonly heartbeatIntervalMs: number
  /** Attempts that are no longer valid. */
  readonly drop: readonly AttemptReference[]
}

export interface LeaseAnswer {
  /** null = nothing to do yet. */
  readonly lease: JobLease | null
  readonly searchOver: boolean
}

export interface Completion extends HeldAttempt {
  readonly outcome: Outcome
  readonly wantsNext: boolean
}

export interface CompletionAnswer extends LeaseAnswer {
  /** `stale`: it does not count, and never will. */
  readonly verdict: 'accepted' | 'stale'
}

/** Deadlines that worker.proto names, milliseconds. */
const deadlines = { register: 10_000, lease: 10_000, heartbeat: 10_000, report: 10_000, complete: 10_000, deregister: 5_000 }

/** A worker's side of WorkerService, in the terms of the domain. Each call is made once; see worker.proto for what may be repeated. */
export class WorkerClient {
  private readonly client: WorkerServiceClient
  private readonly completions: ExchangePool<CompleteJobRequest, CompleteJobResponse>
  /** The other side, for messages. */
  readonly name: string

  constructor({ target, name = `the coordinator at ${target}`, security = clientSecurity(null), channelOptions = {} }: Endpoint) {
    this.client = new WorkerServiceClient(target, security.credentials, { ...clientChannelOptions, ...security.options, ...channelOptions })
    this.name = name
    this.completions = new ExchangePool(name, () => this.client.completeJob())
  }

  async register(registration: Registration, signal?: AbortSignal): Promise<Session> {
    const method = this.client.register.bind(this.client)
    const answer = await callUnary(method, registrationToMessage(registration), this.options(deadlines.register, signal))
    // Streams to whoever was the coordinator before would know nothing of this session.
    this.completions.letGo()
    return {
      sessionId: text(answer.sessionId, 100, 'session_id'),
      // It names a folder on the worker.
      searchId: identifier(answer.searchId, 'search_id'),
      searchName: answer.searchName,
      leaseTtlMs: duration(answer.leaseTtlMs, longestDurationMs, 'lease_ttl_ms'),
      heartbeatIntervalMs: duration(answer.heartbeatIntervalMs, longestDurationMs, 'heartbeat_interval_ms'),
      drop: answer.drop.map(attemptFromMessage),
    }
  }

  async leaseJob(sessionId: string, slot: number, waitMs: number, signal?: AbortSignal): Promise<LeaseAnswer> {
    const request = { sessionId, slot, waitMs: BigInt(Math.round(waitMs)) }
    const answer = await callUnary(this.client.leaseJob.bind(this.client), request, this.options(waitMs + deadlines.lease, signal))
    return { lease: answer.lease === undefined ? null : leaseFromMessage(answer.lease), searchOver: answer.searchOver }
  }

  /** @param leaseTtlMs of the session: what is not answered in half of it is better tried again */
  async heartbeat(sessionId: string, held: readonly AttemptReference[], draining: boolean, leaseTtlMs: number): Promise<Cancellation[]> {
    const request = { sessionId, held: held.map(attemptToMessage), draining }
    const deadlineMs = Math.min(deadlines.heartbeat, leaseTtlMs / 2)
    const answer = await callUnary(this.client.heartbeat.bind(this.client), request, this.options(deadlineMs))
    return answer.cancellations.map(cancellationFromMessage)
  }

  async reportProgress(sessionId: string, report: EpochReport): Promise<Cancellation | null> {
    const method = this.client.reportProgress.bind(this.client)
    const answer = await callUnary(method, epochToMessage(sessionId, report), this.options(deadlines.report))
    return answer.cancellation === undefined ? null : cancellationFromMessage(answer.cancellation)
  }

  async completeJob(sessionId: string, completion: Completion, signal?: AbortSignal): Promise<CompletionAnswer> {
    const { slot, outcome, wantsNext } = completion
    const request = { sessionId, attempt: attemptToMessage(completion), slot, outcome: outcomeToMessage(outcome), wantsNext }
    const answer = await this.completions.request(request, { deadlineMs: deadlines.complete, signal })
    return {
      verdict: verdictOf(answer.verdict),
      lease: answer.next === undefined ? null : leaseFromMessage(answer.next),
      searchOver: answer.searchOver,
    }
  }

  async deregister(sessionId: string, reason: string): Promise<void> {
    await callUnary(this.client.deregister.bind(this.client), { sessionId, reason }, this.options(deadlines.deregister))
  }

  close(): void {
    this.completions.letGo()
    this.client.close()
  }

  private options(deadlineMs: number, signal?: AbortSignal): UnaryCallOptions {
    return { target: this.name, deadlineMs, signal }
  }
}

function verdictOf(verdict: Verdict): 'accepted' | 'stale' {
  if (verdict === Verdict.ACCEPTED) return 'accepted'
  if (verdict === Verdict.STALE) return 'stale'
  throw new InvalidInputError(`the coordinator answered with an unknown verdict (${verdict}): are both of the same version?`)
}
