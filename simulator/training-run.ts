import type { Timer } from '../shared/clock.js'
import type { EpochReport, JobLease } from '../shared/cluster/job-lease.js'
import type { Outcome } from '../shared/training/outcome.js'
import type { SimulatedTraining } from './training-oracle.js'
import type { VirtualTime } from './virtual-time.js'

export interface TrainingRunOptions {
  readonly time: VirtualTime
  readonly lease: JobLease
  readonly training: SimulatedTraining
  readonly leasedAtMs: number
  /** Epochs that are in the checkpoint that it goes on from. */
  readonly epochsDone: number
  readonly onEpoch: (report: EpochReport) => void
  readonly onEnd: (outcome: Outcome) => void
}

/** A training that takes its time. */
export class SimulatedTrainingRun {
  epochsDone: number
  /** From when on its lease lasts, as far as this worker knows without its heartbeats. */
  leaseFromMs: number
  private timer: Timer

  constructor(private readonly options: TrainingRunOptions) {
    this.epochsDone = options.epochsDone
    this.leaseFromMs = options.leasedAtMs
    this.timer = options.time.after(options.training.setupMs, () => this.goOn())
  }

  get jobId(): number {
    return this.options.lease.jobId
  }

  get candidate(): number {
    return this.options.lease.candidate
  }

  get token(): number {
    return this.options.lease.token
  }

  stop(): void {
    this.timer.cancel()
  }

  private goOn(): void {
    const { time, training } = this.options
    if (this.epochsDone < training.epochs.length) this.timer = time.after(training.epochs[this.epochsDone].durationMs, () => this.endEpoch())
    else this.timer = time.after(training.closingMs, () => this.options.onEnd(training.outcome))
  }

  private endEpoch(): void {
    const { training, lease, onEpoch } = this.options
    const { loss, top1, imagesPerSecond } = training.epochs[this.epochsDone++]
    onEpoch({ jobId: lease.jobId, token: lease.token, epoch: this.epochsDone, epochs: lease.specification.recipe.epochs, loss, top1, imagesPerSecond })
    this.goOn()
  }
}
