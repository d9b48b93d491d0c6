import type { Logger } from 'pino'
import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { EpochReport, JobLease } from '../../shared/cluster/job-lease.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { LaunchOptions, TrainerEnd } from '../trainer/launch.js'
import type { TrainCommand, TrainerEvent } from '../trainer/messages.js'

/** Starts a trainer process; the real one is launchTrainer. */
export type Launch = (work: TrainCommand, options: LaunchOptions) => { readonly ended: Promise<TrainerEnd>; cancel(): void }

export interface TrainingRunOptions {
  readonly lease: JobLease
  readonly slot: number
  readonly work: TrainCommand
  readonly launch: Launch
  readonly onEpoch: (report: EpochReport) => void
  readonly logger: Logger
}

/** One attempt at work in a trainer process. */
export class TrainingRun implements AttemptReference {
  readonly jobId: number
  readonly token: number
  readonly slot: number
  /** How it ended. Never rejects. */
  readonly ended: Promise<Outcome>
  /** Why it was told to end; null = it was not. */
  cancelled: string | null = null
  private readonly trainer: ReturnType<Launch>

  constructor(private readonly options: TrainingRunOptions) {
    const { lease, slot, work, launch, logger } = options
    this.jobId = lease.jobId
    this.token = lease.token
    this.slot = slot
    this.trainer = launch(work, {
      onEvent: (event) => this.follow(event),
      onStderrLine: (line) => logger.debug({ jobId: this.jobId, line }, 'trainer'),
    })
    this.ended = this.trainer.ended.then((end) => this.outcomeOf(end))
  }

  /** May be called again; the first reason stays. */
  cancel(reason: string): void {
    this.cancelled ??= reason
    this.trainer.cancel()
  }

  private follow(event: TrainerEvent): void {
    const { logger, onEpoch } = this.options
    const { jobId, token } = this
    if (event.kind === 'log') logger[event.level]({ jobId, token }, event.message)
    if (event.kind !== 'epoch') return
    const { epoch, epochs, loss, top1, imagesPerSecond } = event
    onEpoch({ jobId, token, epoch, epochs, loss, top1, imagesPerSecond })
  }

  private outcomeOf(end: TrainerEnd): Outcome {
    if (end.kind === 'measured') return { kind: 'failed', reason: 'internal', message: 'the trainer measured instead of training' }
    return end.kind === 'cancelled' && this.cancelled !== null ? { kind: 'cancelled', message: this.cancelled } : end
  }
}
