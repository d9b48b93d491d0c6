import type { Logger } from 'pino'
import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { EpochReport, JobLease } from '../../shared/cluster/job-lease.js'
import type { Clock } from '../../shared/clock.js'
import { messageOf } from '../../shared/errors.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { LaunchOptions, TrainerEnd } from '../trainer/launch.js'
import type { TrainCommand, TrainerEvent } from '../trainer/messages.js'
import type { WrittenCheckpoint } from './candidate-checkpoints.js'

/** Starts a trainer process; the real one is launchTrainer. */
export type Launch = (work: TrainCommand, options: LaunchOptions) => { readonly ended: Promise<TrainerEnd>; cancel(): void }

export interface TrainingRunOptions {
  readonly lease: JobLease
  readonly slot: number
  /** What to train, once its checkpoint, if it has one, is on this machine. */
  readonly work: Promise<TrainCommand>
  readonly launch: Launch
  readonly onEpoch: (report: EpochReport) => void
  readonly onCheckpoint: (written: WrittenCheckpoint) => void
  readonly clock: Clock
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
  /** Epochs that ended in this attempt. */
  epochs = 0
  private trainer: ReturnType<Launch> | null = null
  private lastTop1 = 0
  /** Why it is to end with its next checkpoint; null = it goes on. */
  private windingDown: string | null = null

  constructor(private readonly options: TrainingRunOptions) {
    const { lease, slot } = options
    this.jobId = lease.jobId
    this.token = lease.token
    this.slot = slot
    this.ended = this.run()
  }

  /** May be called again; the first reason stays. */
  cancel(reason: string): void {
    this.cancelled ??= reason
    this.trainer?.cancel()
  }

  /** Ends it with its next checkpoint, so that the epoch it is in is not lost, or after `graceMs` at the latest. */
  windDown(reason: string, graceMs: number): void {
    if (graceMs === 0) return this.cancel(reason)
    this.windingDown ??= reason
    const timer = this.options.clock.after(graceMs, () => this.cancel(reason))
    void this.ended.then(() => timer.cancel())
  }

  private async run(): Promise<Outcome> {
    const { work, launch, logger } = this.options
    try {
      const command = await work
      if (this.cancelled !== null) return { kind: 'cancelled', message: this.cancelled }
      this.trainer = launch(command, {
        onEvent: (event) => this.follow(event),
        onStderrLine: (line) => logger.debug({ jobId: this.jobId, line }, 'trainer'),
      })
      return this.outcomeOf(await this.trainer.ended)
    } catch (error) {
      return { kind: 'failed', reason: 'internal', message: messageOf(error) }
    }
  }

  private follow(event: TrainerEvent): void {
    const { jobId, token } = this
    if (event.kind === 'log') this.options.logger[event.level]({ jobId, token }, event.message)
    if (event.kind === 'epoch') this.followEpoch(event)
    if (event.kind !== 'checkpoint') return
    this.options.onCheckpoint({ epoch: event.epoch, top1: this.lastTop1, path: event.path })
    if (this.windingDown !== null) this.cancel(this.windingDown)
  }

  private followEpoch({ epoch, epochs, loss, top1, imagesPerSecond }: Extract<TrainerEvent, { kind: 'epoch' }>): void {
    const { jobId, token } = this
    this.epochs++
    this.lastTop1 = top1
    this.options.onEpoch({ jobId, token, epoch, epochs, loss, top1, imagesPerSecond })
  }

  private outcomeOf(end: TrainerEnd): Outcome {
    if (end.kind === 'measured') return { kind: 'failed', reason: 'internal', message: 'the trainer measured instead of training' }
    return end.kind === 'cancelled' && this.cancelled !== null ? { kind: 'cancelled', message: this.cancelled } : end
  }
}
