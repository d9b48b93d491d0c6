import { sameAttempt, type AttemptReference, type HeldAttempt } from '../shared/cluster/attempt.js'
import type { EpochReport, JobLease } from '../shared/cluster/job-lease.js'
import type { WorkerDescription } from '../shared/cluster/worker-description.js'
import type { Timer } from '../shared/clock.js'
import { NotFoundError, UnavailableError, type NasoaError } from '../shared/errors.js'
import type { Rng } from '../shared/rng.js'
import { attemptFromMessage, attemptToMessage, epochToMessage, leaseFromMessage } from '../shared/rpc/job-message.js'
import { outcomeToMessage } from '../shared/rpc/outcome-message.js'
import { backoffMs, defaultBackoff } from '../shared/rpc/retry.js'
import { registrationToMessage } from '../shared/rpc/worker-message.js'
import type { Outcome } from '../shared/training/outcome.js'
import { heartbeatFrom, nextHeartbeatMs, type HeartbeatPace } from './heartbeat-pace.js'
import type { Method, RequestOf, ResponseOf } from './in-process-calls.js'
import type { CallHandlers, NetworkLink } from './network-link.js'
import type { SharedCheckpoints } from './shared-checkpoints.js'
import type { SimulatedTraining } from './training-oracle.js'
import { SimulatedTrainingRun } from './training-run.js'
import type { VirtualTime } from './virtual-time.js'
import type { WorkDisk } from './work-disk.js'

/** As the real agent's; see worker/agent/agent.ts and the deadlines of worker.proto. */
const pollMs = 30_000
const callDeadlineMs = 10_000
const farewellDeadlineMs = 5_000
const farewellMs = 3_000
const searchOverPauseMs = 2_000
const firstHeartbeatMs = 1_000
const firstLeaseTtlMs = 10_000

/** Share of the lease time after which a heartbeat is sent, whatever its pace allows to leave out. */
const renewalShare = 2 / 3

/** What a process tells the world around it. */
export interface ProcessObserver {
  trainingBegan(attempt: AttemptReference, slot: number): void
  trainingStopped(attempt: AttemptReference, slot: number): void
}

export interface WorkerProcessOptions {
  readonly time: VirtualTime
  readonly worker: WorkerDescription
  readonly link: NetworkLink
  readonly disk: WorkDisk
  /** null = what another worker has trained is trained again. */
  readonly checkpoints: SharedCheckpoints | null
  readonly rng: Rng
  readonly train: (lease: JobLease) => SimulatedTraining
  /** The next moment that ends this process or the coordinator's; heartbeats before it are sent as if nothing were planned. */
  readonly endsAtMs: () => number
  /** Sends each heartbeat, also those that change nothing. */
  readonly everyHeartbeat: boolean
  readonly observer: ProcessObserver
}

interface Session {
  readonly id: string
}

type RegisteredTask = { readonly onSession: (session: Session) => void; readonly onFailure: (error: NasoaError) => void }

/** One life of a worker process: what worker/agent does, with trainings that only take time. */
export class WorkerProcess {
  private session: Session | null = null
  private heartbeatMs = firstHeartbeatMs
  private leaseTtlMs = firstLeaseTtlMs
  private registering: RegisteredTask[] | null = null
  private readonly runs = new Map<number, SimulatedTrainingRun>()
  private pace: HeartbeatPace = { firstMs: 0, periodMs: firstHeartbeatMs }
  private beat: { readonly atMs: number; readonly timer: Timer } | null = null
  private beatHeardMs = 0
  /** Whether the next heartbeat may not be left out. */
  private isBeatWanted = false
  private delivering = 0
  private isEnded = false
  private onLeft: (() => void) | null = null
  private drainReason = ''

  constructor(private readonly options: WorkerProcessOptions) {
    this.planAfterFailure()
    this.persist('register', () => null, () => this.begin())
  }

  /** The process dies on the spot. @param noticed whether its connections break visibly */
  kill(noticed: boolean): void {
    for (const slot of [...this.runs.keys()]) this.endRun(slot)
    this.end(noticed)
  }

  /** Takes no more jobs, ends the running ones and hands them back. */
  drain(reason: string, onLeft: () => void): void {
    this.onLeft = onLeft
    this.drainReason = reason
    for (const [slot, run] of [...this.runs]) {
      this.options.disk.forget(run)
      this.endRun(slot)
    }
    this.leaveIfIdle()
  }

  /** The coordinator has something to say to this worker, or this worker to it: the next heartbeat that is due is really sent. */
  hasten(): void {
    this.isBeatWanted = true
    const atMs = heartbeatFrom(this.pace, this.options.time.now())
    if (this.beat !== null && this.beat.atMs > atMs) this.beatAt(atMs)
  }

  private get isDraining(): boolean {
    return this.onLeft !== null
  }

  private begin(): void {
    for (const { slot, outcome, ...attempt } of [...this.options.disk.outbox]) this.deliver({ ...attempt, slot }, outcome, false)
    for (let slot = 0; slot < this.options.worker.slots; slot++) this.poll(slot)
  }

  private poll(slot: number): void {
    if (this.isDraining) return
    const request = ({ id }: Session): RequestOf<'leaseJob'> => ({ sessionId: id, slot, waitMs: BigInt(pollMs) })
    this.persist('leaseJob', request, (answer) => this.take(slot, answer.lease, answer.searchOver), pollMs + callDeadlineMs)
  }

  private take(slot: number, lease: ResponseOf<'leaseJob'>['lease'], searchOver: boolean): void {
    if (this.isDraining) return
    if (lease !== undefined) this.train(leaseFromMessage(lease), slot)
    else if (searchOver) this.options.time.after(searchOverPauseMs, () => !this.isEnded && this.poll(slot))
    else this.poll(slot)
  }

  private train(lease: JobLease, slot: number): void {
    const { time, link, disk, checkpoints, train, observer } = this.options
    const run = new SimulatedTrainingRun({
      time,
      lease,
      leasedAtMs: time.now() - link.latencyMs,
      training: train(lease),
      epochsDone: Math.max(disk.epochsOf(lease), checkpoints?.epochsOf(lease.candidate) ?? 0),
      onEpoch: (report) => this.report(report, run),
      onEnd: (outcome) => this.finish(run, slot, outcome),
    })
    this.runs.set(slot, run)
    observer.trainingBegan(lease, slot)
    this.hasten()
  }

  private report(report: EpochReport, run: SimulatedTrainingRun): void {
    this.options.disk.keep(report, report.epoch)
    this.options.checkpoints?.keep(run.candidate, report.epoch)
    const request = ({ id }: Session): RequestOf<'reportProgress'> => epochToMessage(id, report)
    this.once('reportProgress', request, callDeadlineMs, {
      onResponse: ({ cancellation }) => cancellation && this.cancel(attemptFromMessage(cancellation.attempt), cancellation.reason),
      onFailure: requireUnavailable,
      foresee: ({ cancellation }, arrivesAtMs) => {
        if (cancellation !== undefined) return false
        run.leaseFromMs = arrivesAtMs - this.options.link.latencyMs
        this.delayHeartbeat()
        return true
      },
    })
  }

  private finish(run: SimulatedTrainingRun, slot: number, outcome: Outcome): void {
    const held = { jobId: run.jobId, token: run.token, slot }
    this.options.disk.put({ ...held, outcome })
    this.endRun(slot)
    this.deliver(held, outcome, true)
  }

  /** Repeats until the coordinator has confirmed. */
  private deliver(held: HeldAttempt, outcome: Outcome, wantsNext: boolean): void {
    this.delivering++
    const request = ({ id }: Session): RequestOf<'completeJob'> => ({
      sessionId: id,
      attempt: attemptToMessage(held),
      slot: held.slot,
      outcome: outcomeToMessage(outcome),
      wantsNext: wantsNext && !this.isDraining,
    })
    this.persist('completeJob', request, ({ next, searchOver }) => {
      this.delivering--
      this.options.disk.remove(held)
      if (this.isDraining) this.leaveIfIdle()
      else if (wantsNext) this.take(held.slot, next, searchOver)
    })
  }

  private cancel(attempt: AttemptReference, reason: string): void {
    const found = [...this.runs].find(([, run]) => sameAttempt(run, attempt))
    if (found) this.finish(found[1], found[0], { kind: 'cancelled', message: reason })
  }

  /** Ends what nobody waits for any more. */
  private drop(attempt: AttemptReference): void {
    this.options.disk.remove(attempt)
    const found = [...this.runs].find(([, run]) => sameAttempt(run, attempt))
    if (!found) return
    this.options.disk.forget(attempt)
    this.endRun(found[0])
    this.poll(found[0])
  }

  private endRun(slot: number): void {
    const run = this.runs.get(slot)
    if (!run) return
    run.stop()
    this.runs.delete(slot)
    this.options.observer.trainingStopped(run, slot)
  }

  private held(): HeldAttempt[] {
    const running = [...this.runs].map(([slot, { jobId, token }]) => ({ jobId, token, slot }))
    const undelivered = this.options.disk.outbox.map(({ jobId, token, slot }) => ({ jobId, token, slot }))
    return [...running, ...undelivered]
  }

  private leaveIfIdle(): void {
    if (this.delivering > 0) return
    const leave = (): void => {
      if (this.isEnded) return
      this.end(true)
      this.onLeft?.()
    }
    this.options.time.after(farewellMs, leave)
    const request = ({ id }: Session): RequestOf<'deregister'> => ({ sessionId: id, reason: this.drainReason })
    this.persist('deregister', request, leave, farewellDeadlineMs)
  }

  private end(noticed: boolean): void {
    this.isEnded = true
    this.beat?.timer.cancel()
    this.options.link.close(noticed)
  }

  // Calls.

  /** Repeats until there is an answer, as the real agent does. */
  private persist<M extends Method>(
    method: M,
    request: (session: Session) => RequestOf<M> | null,
    onResponse: (response: ResponseOf<M>) => void,
    deadlineMs = callDeadlineMs,
    failures = 1,
  ): void {
    const onFailure = (error: NasoaError): void => {
      requireUnavailable(error)
      const delayMs = backoffMs(failures, defaultBackoff, () => this.options.rng.float())
      this.options.time.after(delayMs, () => !this.isEnded && this.persist(method, request, onResponse, deadlineMs, failures + 1))
    }
    this.once(method, request, deadlineMs, { onResponse, onFailure })
  }

  /** One try; registers first where there is no session. A request of null asks for the session alone. */
  private once<M extends Method>(method: M, request: (session: Session) => RequestOf<M> | null, deadlineMs: number, handlers: CallHandlers<M>): void {
    const send = (session: Session): void => {
      const message = request(session)
      if (message === null) return handlers.onResponse(undefined as never)
      this.options.link.call(method, message, deadlineMs, {
        ...handlers,
        onFailure: (error) => handlers.onFailure(this.noteFailure(error, session)),
      })
    }
    if (this.session !== null) send(this.session)
    else this.whenRegistered({ onSession: send, onFailure: handlers.onFailure })
  }

  private noteFailure(error: NasoaError, session: Session): NasoaError {
    if (!(error instanceof NotFoundError)) return error
    if (this.session === session) this.session = null
    return new UnavailableError('the coordinator does not know this worker (any more): registering again')
  }

  private whenRegistered(task: RegisteredTask): void {
    if (this.registering !== null) return void this.registering.push(task)
    const waiting = (this.registering = [task])
    const { worker, disk, link } = this.options
    const request = registrationToMessage({ worker, held: this.held(), searchId: disk.searchId })
    link.call('register', request, callDeadlineMs, {
      onResponse: (response) => {
        this.registering = null
        const session = this.adopt(response)
        for (const { onSession } of waiting) onSession(session)
      },
      onFailure: (error) => {
        this.registering = null
        for (const { onFailure } of waiting) onFailure(error)
      },
    })
  }

  private adopt({ sessionId, searchId, heartbeatIntervalMs, leaseTtlMs, drop }: ResponseOf<'register'>): Session {
    const session = { id: sessionId }
    this.heartbeatMs = Number(heartbeatIntervalMs)
    this.leaseTtlMs = Number(leaseTtlMs)
    this.options.disk.searchId = searchId
    this.session = session
    for (const attempt of drop) this.drop(attemptFromMessage(attempt))
    return session
  }

  // Heartbeats.

  /** The last one was answered, or is going to be, at this moment. */
  private planAfterAnswer(pauseMs: number, answeredAtMs: number): void {
    this.beatHeardMs = answeredAtMs - this.options.link.latencyMs
    this.planHeartbeat(pauseMs, answeredAtMs)
  }

  /** None can be left out before one has arrived. */
  private planAfterFailure(): void {
    this.isBeatWanted = true
    this.planHeartbeat(this.heartbeatMs, this.options.time.now())
  }

  private planHeartbeat(pauseMs: number, fromMs: number): void {
    this.pace = { firstMs: fromMs + pauseMs, periodMs: pauseMs + 2 * this.options.link.latencyMs }
    this.beatAt(this.nextBeatMs())
  }

  /** A lease lasts longer than was known when the next heartbeat was planned. */
  private delayHeartbeat(): void {
    if (this.beat === null || this.isBeatWanted) return
    const atMs = this.nextBeatMs()
    if (atMs > this.beat.atMs) this.beatAt(atMs)
  }

  private nextBeatMs(): number {
    const { link, endsAtMs, everyHeartbeat } = this.options
    if (everyHeartbeat || this.session === null || this.isBeatWanted) return this.pace.firstMs
    const arriveByMs = Math.min(link.calmUntilMs, this.leasesFromMs() + this.leaseTtlMs * renewalShare)
    return nextHeartbeatMs(this.pace, { sendByMs: endsAtMs(), arriveByMs, latencyMs: link.latencyMs })
  }

  /** From when on the first lease to run out lasts. */
  private leasesFromMs(): number {
    if (this.runs.size === 0 || this.options.disk.outbox.length > 0) return this.beatHeardMs
    let fromMs = Infinity
    for (const { leaseFromMs } of this.runs.values()) fromMs = Math.min(fromMs, leaseFromMs)
    return Math.max(fromMs, this.beatHeardMs)
  }

  private beatAt(atMs: number): void {
    this.beat?.timer.cancel()
    this.beat = { atMs, timer: this.options.time.at(atMs, () => this.sendHeartbeat()) }
  }

  private sendHeartbeat(): void {
    this.beat = null
    const pauseMs = this.heartbeatMs
    this.isBeatWanted = false
    const request = ({ id }: Session): RequestOf<'heartbeat'> => ({ sessionId: id, held: this.held().map(attemptToMessage), draining: this.isDraining })
    this.once('heartbeat', request, this.leaseTtlMs / 2, {
      onResponse: ({ cancellations }) => {
        for (const { attempt, reason } of cancellations) this.cancel(attemptFromMessage(attempt), reason)
        this.planAfterAnswer(pauseMs, this.options.time.now())
      },
      onFailure: (error) => {
        requireUnavailable(error)
        this.planAfterFailure()
      },
      foresee: ({ cancellations }, arrivesAtMs) => {
        if (cancellations.length > 0) return false
        this.planAfterAnswer(pauseMs, arrivesAtMs)
        return true
      },
    })
  }
}

/** Whatever else goes wrong is a mistake in a program, and the simulation ends with it. */
function requireUnavailable(error: NasoaError): void {
  if (!(error instanceof UnavailableError)) throw error
}
