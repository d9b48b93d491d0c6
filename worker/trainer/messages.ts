import type { Outcome } from '../../shared/training/outcome.js'
import type { Precision, PrecisionChoice, TrainingSpecification } from '../../shared/training/specification.js'

/** Median and spread of a training step, milliseconds. */
export interface StepTime {
  readonly median: number
  readonly p10: number
  readonly p90: number
}

/** What the quiet measurement found. */
export interface ThroughputMeasurement {
  /** Batch / median step time. */
  readonly imagesPerSecond: number
  readonly stepMs: StepTime
}

/** What the device is that a throughput was measured on. */
export interface DeviceDescription {
  /** Equal for devices whose times may be compared: the processor's model and threads, or the GPU's name. */
  readonly deviceClass: string
  /** Version of the native TensorFlow. */
  readonly tensorflow: string
}

/** What was measured: two times may be compared where these are equal. */
export interface MeasuredNetwork extends DeviceDescription {
  /** What the passes were computed in. */
  readonly precision: Precision
}

/** What the trainer process tells its parent. The last message is `outcome`; of a measurement that succeeds, `measured`. */
export type TrainerEvent =
  | ({
      readonly kind: 'started'
      readonly encoding: string
      readonly classes: number
      readonly images: { readonly train: number; readonly validation: number }
      readonly stepsPerEpoch: number
      readonly epochs: number
      /** Epochs that a checkpoint brought along. */
      readonly epochsDone: number
    } & MeasuredNetwork)
  /** A sign of life within a long epoch, at most every few seconds. */
  | {
      readonly kind: 'progress'
      /** From 1. */
      readonly epoch: number
      /** Steps of the epoch done, and in all. */
      readonly step: number
      readonly steps: number
      /** Mean training loss of the epoch so far. */
      readonly loss: number
    }
  | {
      readonly kind: 'epoch'
      /** From 1. */
      readonly epoch: number
      readonly epochs: number
      /** Mean training loss of the epoch, label smoothing included, weight decay not. */
      readonly loss: number
      /** Validation accuracy, 0..1. */
      readonly top1: number
      /** Accuracy on the augmented training images as they were seen, 0..1. */
      readonly trainTop1: number
      /** Wall throughput of the epoch, loading included; not the measurement that candidates are compared by. */
      readonly imagesPerSecond: number
      /** Share of the epoch's training time that steps waited for images, 0..1. */
      readonly dataWaitShare: number
      /** Rate of the epoch's last step. */
      readonly learningRate: number
    }
  | { readonly kind: 'checkpoint'; readonly epoch: number; readonly path: string }
  | ({ readonly kind: 'measured' } & ThroughputMeasurement & MeasuredNetwork)
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly message: string }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }

/** What comes over the channel: events, and every second a sign that the process's loop turns, which stops within a step. */
export type TrainerMessage = TrainerEvent | { readonly kind: 'alive' }

/** Train one network. */
export interface TrainCommand {
  readonly kind: 'train'
  readonly specification: TrainingSpecification
  /** Checkpoints go here; none are written when left out. */
  readonly outputDirectory?: string
  /** Checkpoint to continue from. */
  readonly resumeFrom?: string
  readonly threads?: number
  /** The only GPU that it may use, as CUDA_VISIBLE_DEVICES names it; default: what the process finds. */
  readonly gpu?: string
  /** The host's measurement lock; default: one for all trainers of this user on this host. */
  readonly measurementLockPath?: string
}

/** Only measure a network's training step, on synthetic images. */
export interface MeasureCommand {
  readonly kind: 'measure'
  readonly encoding: string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly precision: PrecisionChoice
  readonly threads?: number
  readonly measurementLockPath?: string
}

export type TrainerWork = TrainCommand | MeasureCommand

/** What the parent tells the trainer process: one piece of work, then perhaps to end it. */
export type TrainerCommand = TrainerWork | { readonly kind: 'cancel' }
