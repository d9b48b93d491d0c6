import type { Precision, PrecisionChoice } from '../../shared/training/specification.js'
import type { ImageBatch } from '../data/image-batch.js'
import type { DeviceDescription } from './messages.js'

/** Parameters of a step: see `TrainingSession`, which the product runs; the loop needs no more than this. */
export interface TrainableNetwork {
  /** What its passes are computed in. */
  readonly precision: Precision
  initialize(seed: number): void
  trainStep(batch: Pick<ImageBatch, 'images' | 'labels'>, learningRate: number): { loss: number; correct: number; skipped: boolean; diverged: boolean }
  evaluateStep(batch: Pick<ImageBatch, 'images' | 'labels'>): { lossSum: number; correct: number }
  /** A training step on a synthetic batch that stays on the device. */
  benchmarkStep(): void
  /** Of every variable, by name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Every variable by name, optimizer state included. */
  read(): Map<string, Float32Array>
  restore(variables: ReadonlyMap<string, Float32Array>): void
  close(): void
}

export interface NetworkRequest {
  readonly encoding: string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  readonly precision: PrecisionChoice
}

/** Makes networks trainable on this process's device. */
export interface TrainingEngine {
  readonly device: DeviceDescription
  open(request: NetworkRequest): Promise<TrainableNetwork>
}
