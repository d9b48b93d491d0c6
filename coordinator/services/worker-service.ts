import type { Logger } from 'pino'
import type { AttemptReference, HeldAttempt } from '../../shared/cluster/attempt.js'
import type { Clock } from '../../shared/clock.js'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { duration, remark } from '../../shared/rpc/checked.js'
import { Verdict, type WorkerServiceServer } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import type * as wire from '../../shared/rpc/gen/nasoa/v1/worker.js'
import type { ExchangeHandlers } from '../../shared/rpc/exchange-handlers.js'
import { unaryHandler, type CallContext, type CallObserver } from '../../shared/rpc/handler.js'
import {
  attemptFromMessage,
  attemptToMessage,
  cancellationToMessage,
  epochFromMessage,
  leaseToMessage,
  slotFromMessage,
} from '../../shared/rpc/job-message.js'
import { outcomeFromMessage } from '../../shared/rpc/outcome-message.js'
import { registrationFromMessage } from '../../shared/rpc/worker-message.js'
import { scopedWorkerId } from '../../shared/security/peer.js'
import { compatible, programVersion } from '../../shared/version.js'
import type { Holder } from '../jobs/job.js'
import { isLarger } from '../jobs/larger-device.js'
import type { SearchRun } from '../run/search-run.js'
import type { SearchStore } from '../store/store.js'
import type { LeaseDesk } from '../workers/lease-desk.js'
import type { WorkerRegistry, WorkerSession } from '../workers/worker-registry.js'
import { noAudit, type AuditEntry, type AuditTrail } from './audit-log.js'

export interface WorkerServiceOptions {
  readonly searchId: string
  readonly searchName: string
  readonly run: SearchRun
  readonly store: SearchStore
  readonly workers: WorkerRegistry
  readonly desk: LeaseDesk
  readonly clock: Clock
  readonly leaseTtlMs: number
  readonly logger: Logger
  readonly exchanges: ExchangeHandlers
  readonly audit?: AuditTrail
}

const longestWaitMs = 60_000

/** Half as long as a lease may be silent, twice over: one lost heartbeat costs nothing. */
export function heartbeatIntervalMs(leaseTtlMs: number): number {
  return Math.max(50, Math.min(5_000, Math.floor(leaseTtlMs / 3)))
}

/** WorkerService on one search; the promises are in worker.proto. */
export class WorkerService {
  constructor(private readonly options: WorkerServiceOptions) {}

  /** As grpc-js wants it. */
  implementation(observe?: CallObserver): WorkerServiceServer {
    const handler = <Request, Response>(name: string, handle: (request: Request, context: CallContext) => Promise<Response> | Response) =>
      unaryHandler<Request, Response>(`WorkerService/${name}`, handle.bind(this), observe)
    return {
      register: handler('Register', (request: wire.RegisterRequest, context) => this.register(request, context)),
      leaseJob: handler('LeaseJob', (request: wire.LeaseJobRequest, context) => this.leaseJob(request, context)),
      heartbeat: handler('Heartbeat', (request: wire.HeartbeatRequest, context) => this.heartbeat(request, context)),
      reportProgress: handler('ReportProgress', (request: wire.ReportProgressRequest, context) => this.reportProgress(request, context)),
      completeJob: this.options.exchanges.handler('WorkerService/CompleteJob', (request, context) => this.completeJob(request, context), observe),
      deregister: handler('Deregister', (request: wire.DeregisterRequest, context) => this.deregister(request, context)),
    }
  }

  private register(request: wire.RegisterRequest, context: CallContext): wire.RegisterResponse {
    const { peer, identity } = context
    const { worker: described, held, searchId: heldSearch } = registrationFromMessage(request)
    const worker = { ...described, workerId: scopedWorkerId(identity, described.workerId) }
    const { run, store, workers, clock, leaseTtlMs, searchId, searchName, logger } = this.options
    if (!compatible(worker.version, programVersion())) {
      throw new EnvironmentError(`this coordinator is nasoa ${programVersion()}, the worker ${worker.version}: install the same version`)
    }
    const session = workers.register(worker, identity?.name ?? null, peer, clock.now())
    store.record({ kind: 'worker', worker, address: peer, atMs: clock.now() })
    this.releaseSlotsBeyond(worker.workerId, worker.slots)
    const takenOver = workers.mayBeGivenJobs(worker.workerId) ? run.workerJoined(worker.deviceClass) : null
    if (takenOver !== null) logger.info({ takenOver, deviceClass: worker.deviceClass }, 'results of other searches taken over')
    run.prepareFor(workers.slots)
    // Job numbers mean something within their search only.
    const isHeldStill = (attempt: HeldAttempt): boolean =>
      heldSearch === searchId && run.renew(attempt, { workerId: worker.workerId, slot: attempt.slot }) === null
    const drop = held.filter((attempt) => !isHeldStill(attempt))
    logger.info({ worker: worker.name, workerId: worker.workerId, peer, slots: worker.slots, held: held.length, drop: drop.length }, 'worker registered')
    this.audit({ action: 'Register', worker: worker.workerId, slots: worker.slots }, context)
    return {
      sessionId: session.sessionId,
      searchId,
      searchName,
      leaseTtlMs: BigInt(leaseTtlMs),
      heartbeatIntervalMs: BigInt(heartbeatIntervalMs(leaseTtlMs)),
      drop: drop.map(attemptToMessage),
    }
  }

  private async leaseJob(request: wire.LeaseJobRequest, context: CallContext): Promise<wire.LeaseJobResponse> {
    const { desk, store } = this.options
    const session = this.session(request.sessionId, context)
    const holder = holderOf(session, request.slot)
    const { lease, searchOver } = await desk.lease(holder, duration(request.waitMs, longestWaitMs, 'wait_ms'), context)
    if (lease !== null) {
      await store.committed()
      this.audit({ action: 'LeaseJob', worker: session.worker.workerId, slot: request.slot, job: lease.jobId, token: lease.token }, context)
    }
    return { lease: lease === null ? undefined : leaseToMessage(lease), searchOver }
  }

  private heartbeat({ sessionId, held, draining }: wire.HeartbeatRequest, context: CallContext): wire.HeartbeatResponse {
    const session = this.session(sessionId, context)
    this.setDraining(session, draining)
    if (held.length > 2 * session.worker.slots) throw new InvalidInputError(`${held.length} attempts held by a worker of ${session.worker.slots} slots`)
    const cancellations = held.map(attemptFromMessage).flatMap((attempt) => this.renew(session, attempt) ?? [])
    return { cancellations: cancellations.map(cancellationToMessage) }
  }

  private reportProgress(request: wire.ReportProgressRequest, context: CallContext): wire.ReportProgressResponse {
    const session = this.session(request.sessionId, context)
    const report = epochFromMessage(request)
    const cancellation = this.options.run.report(report, this.holderOfAttempt(session, report))
    return { cancellation: cancellation === null ? undefined : cancellationToMessage(cancellation) }
  }

  private async completeJob(request: wire.CompleteJobRequest, context: CallContext): Promise<wire.CompleteJobResponse> {
    const { run, store, desk, logger } = this.options
    const session = this.session(request.sessionId, context)
    const attempt = attemptFromMessage(request.attempt)
    const outcome = outcomeFromMessage(request.outcome)
    const holder = holderOf(session, request.slot)
    const verdict = this.mayComplete(session, attempt) ? run.complete(attempt, outcome, outcome.kind === 'out_of_memory' ? this.outgrownBytes(session) : null) : 'stale'
    const next = request.wantsNext && !session.draining ? desk.leaseNow(holder) : null
    await store.committed()
    logger.debug({ ...attempt, worker: session.worker.name, outcome: outcome.kind, verdict }, 'attempt completed')
    const { jobId: job, token } = attempt
    this.audit({ action: 'CompleteJob', worker: session.worker.workerId, job, token, outcome: outcome.kind, verdict, next: next?.jobId ?? null }, context)
    return {
      verdict: verdict === 'accepted' ? Verdict.ACCEPTED : Verdict.STALE,
      next: next === null ? undefined : leaseToMessage(next),
      searchOver: run.isOver,
    }
  }

  private async deregister({ sessionId, reason }: wire.DeregisterRequest, context: CallContext): Promise<wire.DeregisterResponse> {
    const { run, workers, store, logger } = this.options
    const session = workers.leave(sessionId, context.identity?.name ?? null)
    if (session === null) return {}
    const why = remark(reason, 200) || 'the worker left'
    this.heldBy(session.worker.workerId).forEach((attempt) => run.release(attempt, why))
    run.prepareFor(workers.slots)
    logger.info({ by: session.owner, worker: session.worker.name, reason: why }, 'worker left')
    this.audit({ action: 'Deregister', worker: session.worker.workerId, reason: why }, context)
    await store.committed()
    return {}
  }

  private audit(entry: Omit<AuditEntry, 'by' | 'peer'> & { readonly action: string }, { identity, peer }: CallContext): void {
    const { audit = noAudit } = this.options
    audit.write({ ...entry, by: identity?.name ?? null, peer })
  }

  private session(sessionId: string, { identity }: CallContext): WorkerSession {
    return this.options.workers.heardOf(sessionId, identity?.name ?? null, this.options.clock.now())
  }

  private setDraining(session: WorkerSession, draining: boolean): void {
    if (session.draining === draining) return
    session.draining = draining
    this.options.run.prepareFor(this.options.workers.slots)
  }

  private renew(session: WorkerSession, attempt: AttemptReference) {
    return this.options.run.renew(attempt, this.holderOfAttempt(session, attempt))
  }

  /** The slot of this worker that the attempt is leased to; the worker's first where it is not (then the call is refused). */
  private holderOfAttempt({ worker }: WorkerSession, { jobId }: AttemptReference): Holder {
    const state = this.options.run.jobs.get(jobId)?.state
    const holder = state?.kind === 'queued' ? state.silentHolder : state?.kind === 'done' ? null : state
    return { workerId: worker.workerId, slot: holder?.workerId === worker.workerId ? holder.slot : 0 }
  }

  /** Only the holder of an attempt can end it: a worker that makes tokens up fails its own jobs at most. */
  private mayComplete({ worker }: WorkerSession, { jobId }: AttemptReference): boolean {
    const state = this.options.run.jobs.get(jobId)?.state
    if (state === undefined || state.kind === 'done') return true
    if (state.kind === 'queued') return state.silentHolder === null || state.silentHolder.workerId === worker.workerId
    return state.workerId === worker.workerId
  }

  /** Memory of this worker's device, where some worker has a larger one; null = none has. */
  private outgrownBytes({ worker: { memoryBytes } }: WorkerSession): number | null {
    return memoryBytes !== undefined && isLarger(this.options.workers.largestMemoryBytes, memoryBytes) ? memoryBytes : null
  }

  private heldBy(workerId: string): AttemptReference[] {
    const held = this.options.run.jobs.held().filter(({ state }) => state.workerId === workerId)
    return held.map(({ id, attempt }) => ({ jobId: id, token: attempt }))
  }

  private releaseSlotsBeyond(workerId: string, slots: number): void {
    const { run } = this.options
    for (const { id, attempt, state } of run.jobs.held()) {
      if (state.workerId === workerId && state.slot >= slots) run.release({ jobId: id, token: attempt }, 'the worker came back with fewer slots')
    }
  }
}

function holderOf({ worker }: WorkerSession, slot: number): Holder {
  if (slotFromMessage(slot) >= worker.slots) throw new InvalidInputError(`slot ${slot} of a worker with ${worker.slots} slots`)
  return { workerId: worker.workerId, slot }
}
