import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { ArtifactStore } from '../../shared/artifacts/artifact-store.js'
import { sameAttempt, type AttemptReference, type Cancellation, type HeldAttempt } from '../../shared/cluster/attempt.js'
import type { EpochReport, JobLease } from '../../shared/cluster/job-lease.js'
import type { WorkerDescription } from '../../shared/cluster/worker-description.js'
import { systemClock, type Clock } from '../../shared/clock.js'
import { CancelledError, InvalidInputError, messageOf } from '../../shared/errors.js'
import { silentLogger } from '../../shared/logging.js'
import { wait } from '../../shared/rpc/retry.js'
import type { Endpoint } from '../../shared/rpc/channel-options.js'
import type { CompletionAnswer, LeaseAnswer, Session } from '../../shared/rpc/worker-client.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { TrainingSpecification } from '../../shared/training/specification.js'
import { launchTrainer } from '../trainer/launch.js'
import type { TrainCommand } from '../trainer/messages.js'
import { CandidateCheckpoints, type WrittenCheckpoint } from './candidate-checkpoints.js'
import { CoordinatorLink } from './coordinator-link.js'
import { Outbox, type Undelivered } from './outbox.js'
import { ProgressReporter } from './progress-reporter.js'
import { TrainingRun, type Launch } from './training-run.js'
import type { WorkFolder } from './work-folder.js'

export interface AgentOptions {
  readonly worker: WorkerDescription
  readonly folder: WorkFolder
  readonly coordinator: Endpoint
  /** Used instead of the folder that jobs name; undefined = theirs. */
  readonly dataDirectory?: string | undefined
  /** What a training leaves behind stays after its result is delivered. Default false. */
  readonly keepAttempts?: boolean | undefined
  /** Where other workers find the checkpoints of trainings that this one cannot end; undefined = they begin anew. */
  readonly artifacts?: ArtifactStore | undefined
  /** The GPU of each slot, as CUDA_VISIBLE_DEVICES names it; undefined = slots share what there is. */
  readonly gpus?: readonly string[] | undefined
  /** How long a worker that drains waits for the next checkpoint of its trainings, milliseconds. Default 0. */
  readonly drainGraceMs?: number | undefined
  /** End once the search is over, instead of waiting for the next one. Default false. */
  readonly untilOver?: boolean | undefined
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
  readonly logger?: Logger | undefined
  readonly launch?: Launch | undefined
}

/** Longest wait of one LeaseJob call. */
const pollMs = 30_000
/** Between two looks whether a finished search has a successor. */
const searchOverPauseMs = 2_000
/** How long the coordinator is given to hear that this worker leaves. */
const farewellMs = 3_000

/** What a worker tells its owner of. */
export interface RunningAgent {
  /** Resolves with the first session, when the coordinator knows this worker. */
  readonly registered: Promise<Session>
  /** Resolves when the agent has ended in order; rejects when it cannot work (another version, for example). */
  readonly ended: Promise<void>
  /** Takes no more jobs, ends the running ones and hands them back. Idempotent. */
  drain(reason: string): void
}

/** Starts to work for the coordinator that is found. Ends by `drain`, or with the search if told so. */
export function startAgent(options: AgentOptions): RunningAgent {
  return new Agent(options)
}

class Agent implements RunningAgent {
  readonly registered: Promise<Session>
  readonly ended: Promise<void>
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly link: CoordinatorLink
  private readonly progress: ProgressReporter
  private readonly runs = new Map<number, TrainingRun>()
  /** Ends waiting for work. */
  private readonly draining = new AbortController()
  private searchId = ''
  private outbox: Outbox | null = null
  private heartbeatMs = 1_000
  private leaseTtlMs = 10_000
  private drainReason = 'drained'
  /** Resolves when the checkpoints that nobody needs are gone. */
  private tidying: Promise<void> = Promise.resolve()

  constructor(private readonly options: AgentOptions) {
    this.clock = options.clock ?? systemClock
    this.logger = options.logger ?? silentLogger
    this.link = new CoordinatorLink({
      coordinator: options.coordinator,
      registration: () => ({ worker: options.worker, held: this.held(), searchId: this.searchId }),
      onSession: (session) => this.adopt(session),
      clock: this.clock,
      random: options.random ?? Math.random,
      logger: this.logger,
    })
    this.progress = new ProgressReporter(
      (report) => this.link.once((client, { sessionId }) => client.reportProgress(sessionId, report)),
      (cancellation) => this.cancel(cancellation),
    )
    this.registered = this.link.call((_client, session) => Promise.resolve(session), this.draining.signal)
    this.ended = this.work()
    this.ended.catch(() => undefined)
    this.registered.catch(() => undefined)
  }

  drain(reason: string): void {
    if (this.draining.signal.aborted) return
    this.logger.info({ reason, running: this.runs.size }, 'draining')
    this.drainReason = reason
    this.draining.abort()
    for (const run of this.runs.values()) run.windDown(reason, this.options.drainGraceMs ?? 0)
  }

  private async work(): Promise<void> {
    const stopBeating = new AbortController()
    // While the coordinator is away there is neither a connection nor a timer that would keep the process alive.
    const alive = setInterval(() => undefined, 2 ** 30)
    const beating = this.heartbeats(stopBeating.signal)
    try {
      await this.deliverLeftovers()
      const slots = Array.from({ length: this.options.worker.slots }, (_, slot) => this.slot(slot))
      await firstFailureOrAll(slots, () => this.drain('the worker cannot go on'))
      await Promise.all([this.leave(), this.tidying])
    } catch (error) {
      if (!(error instanceof CancelledError && this.draining.signal.aborted)) throw error
    } finally {
      stopBeating.abort()
      await beating
      this.link.close()
      clearInterval(alive)
    }
  }

  /** Takes one job after the other until the worker drains. */
  private async slot(slot: number): Promise<void> {
    for (let answer = idle; !this.draining.signal.aborted; ) {
      if (answer.lease !== null) answer = await this.train(answer.lease, slot)
      else if (answer.searchOver && !(await this.outliveSearch())) return
      else answer = await this.poll(slot)
    }
  }

  private async poll(slot: number): Promise<LeaseAnswer> {
    const { signal } = this.draining
    try {
      return await this.link.call((client, { sessionId }) => client.leaseJob(sessionId, slot, pollMs, signal), signal)
    } catch (error) {
      if (error instanceof CancelledError && signal.aborted) return idle
      throw error
    }
  }

  /** @returns whether this worker waits for another search */
  private async outliveSearch(): Promise<boolean> {
    if (this.options.untilOver) return false
    await wait(searchOverPauseMs, this.clock, this.draining.signal)
    return true
  }

  /** @returns the slot's next job, if it came with the answer */
  private async train(lease: JobLease, slot: number): Promise<LeaseAnswer> {
    const { searchId, outbox } = this
    const checkpoints = this.checkpointsOf(lease.candidate)
    const run = this.startRun(lease, slot, checkpoints)
    const outcome = this.deliverable(await run.ended)
    this.logger.info({ jobId: run.jobId, token: run.token, outcome: outcome.kind }, 'training ended')
    const isCutShort = outcome.kind === 'cancelled' && this.draining.signal.aborted
    // Another search has begun meanwhile, or the attempt was lost: nobody waits for it.
    const isUnwanted = searchId !== this.searchId || run.cancelled === droppedReason
    const result = isCutShort || isUnwanted ? null : { jobId: run.jobId, token: run.token, slot, outcome }
    // On the disk before it is no longer among the running ones: at no time is it in neither.
    if (result) this.keepUndelivered(outbox, result)
    this.runs.delete(slot)
    // Whoever is given the job next goes on from what has been kept by then; not from what a training could not go on from.
    const goesOn = mayGoOn(outcome, lease.specification)
    if (goesOn) await checkpoints?.settled()
    if (outcome.kind === 'failed' && outcome.reason === 'internal' && run.epochs === 0) await checkpoints?.discard()
    const next: Delivered = result ? await this.deliver(result, true) : idle
    if (next.verdict === 'accepted' && !goesOn) this.discardSoon(checkpoints)
    if (!isCutShort && !this.options.keepAttempts) this.options.folder.removeAttempt(searchId, run)
    return next
  }

  private startRun(lease: JobLease, slot: number, checkpoints: CandidateCheckpoints | null): TrainingRun {
    const { launch = launchTrainer } = this.options
    const { clock, logger } = this
    logger.info({ jobId: lease.jobId, token: lease.token, slot, encoding: lease.specification.encoding }, 'training')
    const onEpoch = (report: EpochReport): void => this.progress.report(report)
    const onCheckpoint = (written: WrittenCheckpoint): void => checkpoints?.keep(written)
    const run = new TrainingRun({ lease, slot, work: this.commandOf(lease, slot, checkpoints), launch, clock, logger, onEpoch, onCheckpoint })
    this.runs.set(slot, run)
    if (this.draining.signal.aborted) run.cancel(this.drainReason)
    return run
  }

  private checkpointsOf(candidate: number): CandidateCheckpoints | null {
    const { searchId, logger } = this
    const { artifacts: store } = this.options
    return store === undefined ? null : new CandidateCheckpoints({ store, searchId, candidate, logger })
  }

  private async commandOf(lease: JobLease, slot: number, checkpoints: CandidateCheckpoints | null): Promise<TrainCommand> {
    const { folder, dataDirectory, worker, gpus } = this.options
    const outputDirectory = folder.attempt(this.searchId, lease)
    // A checkpoint of this very attempt, by this worker before it restarted, or else the last of an earlier one.
    const checkpoint = join(outputDirectory, 'last.safetensors')
    const isThere = existsSync(checkpoint)
    const fetched = isThere ? 0 : ((await checkpoints?.fetchLast(checkpoint)) ?? 0)
    if (fetched > 0) this.logger.info({ jobId: lease.jobId, token: lease.token, epoch: fetched }, 'goes on from a checkpoint')
    return {
      kind: 'train',
      specification: dataDirectory === undefined ? lease.specification : { ...lease.specification, dataDirectory },
      outputDirectory,
      ...(isThere || fetched > 0 ? { resumeFrom: checkpoint } : {}),
      ...(gpus === undefined ? {} : { gpu: gpus[slot] }),
      threads: worker.threadsPerSlot,
    }
  }

  /** The slot's next training does not wait for it. */
  private discardSoon(checkpoints: CandidateCheckpoints | null): void {
    this.tidying = this.tidying.then(() => checkpoints?.discard())
  }

  /** A full disk must not cost a finished training: then it waits in memory. */
  private keepUndelivered(outbox: Outbox | null, result: Undelivered): void {
    try {
      outbox?.add(result)
    } catch (error) {
      this.logger.error({ jobId: result.jobId, error: messageOf(error) }, 'the result cannot be written to the disk; it waits in memory')
    }
  }

  /** A checkpoint that is about to be removed is not named. */
  private deliverable(outcome: Outcome): Outcome {
    if (outcome.kind !== 'succeeded' || this.options.keepAttempts) return outcome
    const result = { ...outcome.result }
    delete result.checkpoint
    return { kind: 'succeeded', result }
  }

  /** Delivers what an earlier process of this worker could not. */
  private async deliverLeftovers(): Promise<void> {
    await this.registered
    for (const entry of [...(this.outbox?.all ?? [])]) await this.deliver(entry, false)
  }

  /** Repeats until the coordinator has confirmed. @returns the slot's next job, if it came with the answer */
  private async deliver(entry: Undelivered, wantsNext: boolean): Promise<Delivered> {
    const searchId = this.searchId
    try {
      const answer = await this.link.call((client, session) => {
        if (session.searchId !== searchId) throw new CancelledError('the result is of a search that is gone')
        return client.completeJob(session.sessionId, { ...entry, wantsNext: wantsNext && !this.draining.signal.aborted })
      })
      this.logger.info({ jobId: entry.jobId, token: entry.token, outcome: entry.outcome.kind, verdict: answer.verdict }, 'result delivered')
      this.outbox?.remove(entry)
      return answer
    } catch (error) {
      return await this.undeliverable(entry, error)
    }
  }

  private async undeliverable(entry: Undelivered, error: unknown): Promise<Delivered> {
    if (error instanceof CancelledError) return idle
    if (!(error instanceof InvalidInputError) || entry.outcome.kind === 'failed') throw error
    this.logger.error({ jobId: entry.jobId, error: messageOf(error) }, 'the coordinator refuses the result')
    const outcome: Outcome = { kind: 'failed', reason: 'internal', message: `the result was refused: ${messageOf(error)}` }
    return await this.deliver({ ...entry, outcome }, false)
  }

  private held(): HeldAttempt[] {
    const running = [...this.runs.values()].map(({ jobId, token, slot }) => ({ jobId, token, slot }))
    const undelivered = (this.outbox?.all ?? []).map(({ jobId, token, slot }) => ({ jobId, token, slot }))
    return [...running, ...undelivered]
  }

  private adopt(session: Session): void {
    this.heartbeatMs = session.heartbeatIntervalMs
    this.leaseTtlMs = session.leaseTtlMs
    if (session.searchId !== this.searchId) this.beginSearch(session.searchId)
    for (const attempt of session.drop) this.dropAttempt(attempt)
  }

  private beginSearch(searchId: string): void {
    for (const run of this.runs.values()) run.cancel(droppedReason)
    this.searchId = searchId
    this.outbox = new Outbox(this.options.folder.outbox(searchId))
    if (!this.options.keepAttempts) this.options.folder.removeOtherAttempts(searchId)
  }

  private dropAttempt(attempt: AttemptReference): void {
    this.outbox?.remove(attempt)
    this.cancel({ ...attempt, reason: droppedReason })
  }

  private cancel({ reason, ...attempt }: Cancellation): void {
    const run = [...this.runs.values()].find((each) => sameAttempt(each, attempt))
    if (run && run.cancelled === null) {
      this.logger.info({ ...attempt, reason }, 'ending a training')
      run.cancel(reason)
    }
  }

  private async heartbeats(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await wait(this.heartbeatMs, this.clock, stop)
      if (stop.aborted) continue
      try {
        const isDraining = this.draining.signal.aborted
        const cancellations = await this.link.once((client, { sessionId }) => client.heartbeat(sessionId, this.held(), isDraining, this.leaseTtlMs))
        for (const cancellation of cancellations) this.cancel(cancellation)
      } catch (error) {
        this.logger.debug({ error: messageOf(error) }, 'heartbeat failed')
      }
    }
  }

  private async leave(): Promise<void> {
    const giveUp = new AbortController()
    const timer = this.clock.after(farewellMs, () => giveUp.abort())
    try {
      await this.link.call((client, { sessionId }) => client.deregister(sessionId, this.drainReason), giveUp.signal)
    } catch (error) {
      this.logger.debug({ error: messageOf(error) }, 'left without a farewell; the leases run out')
    } finally {
      timer.cancel()
    }
  }
}

/** Without a verdict where the result is of a search that is gone. */
type Delivered = LeaseAnswer & Partial<Pick<CompletionAnswer, 'verdict'>>

/** Whether somebody may train the candidate further: a later attempt, or a promotion to the next rung. */
function mayGoOn(outcome: Outcome, { recipe, stopAfterEpochs = recipe.epochs }: TrainingSpecification): boolean {
  return outcome.kind === 'cancelled' || outcome.kind === 'failed' || (outcome.kind === 'succeeded' && stopAfterEpochs < recipe.epochs)
}

const idle: LeaseAnswer = { lease: null, searchOver: false }

/** Marks attempts whose outcome nobody wants. */
const droppedReason = 'the lease has passed on, or the job has ended'

/** Waits for all; `onFailure` is called at the first failure, which is thrown once all have ended. */
async function firstFailureOrAll(tasks: readonly Promise<void>[], onFailure: () => void): Promise<void> {
  const results = await Promise.allSettled(tasks.map((task) => task.catch((error: unknown) => { onFailure(); throw error })))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
