import { stepsOfEpoch } from '../coordinator/step-time/search-hours.js'
import type { JobLease } from '../shared/cluster/job-lease.js'
import { genomeCost } from '../shared/network/genome-cost.js'
import type { Rng } from '../shared/rng.js'
import { parseGenome } from '../shared/space/parse.js'
import type { Outcome } from '../shared/training/outcome.js'
import type { TrainingSpecification } from '../shared/training/specification.js'
import { countImages, type ImageCounts } from './image-counts.js'
import { NetworkModel } from './network-model.js'
import { randomStream } from './random-stream.js'
import type { ClusterConfig } from './simulation-config.js'
import { trainingBytes } from './step-cost-model.js'

export interface SimulatedEpoch {
  readonly durationMs: number
  readonly loss: number
  readonly top1: number
  readonly imagesPerSecond: number
}

/** How a training goes, if nothing outside of it ends it. */
export interface SimulatedTraining {
  readonly setupMs: number
  /** Those that take place to their end. */
  readonly epochs: readonly SimulatedEpoch[]
  /** From the last of them to the outcome. */
  readonly closingMs: number
  readonly outcome: Outcome
}

/** What a training runs on. */
export interface SimulatedDevice {
  readonly deviceClass: string
  /** In multiples of the reference device. */
  readonly speed: number
  readonly memoryBytes: number
}

/** Epochs in which a network learns half of what it will ever learn: an assumption, no reference has curves. */
const halfLearntEpochs = 2
/** Standard deviation of the accuracy among trainings of one network. */
const trainingNoise = 0.003
/** Relative deviations of the duration of an epoch, and of the measured step. */
const epochNoise = 0.02
const stepNoise = 0.01
/** Device memory that tensors can use. */
const usableMemory = 0.9

/** What is true of a network, whoever trains it. */
interface NetworkTruth {
  /** When fully trained, 0..1. */
  readonly error: number
  /** On the reference device. */
  readonly stepMs: number
  readonly memoryBytes: number
  readonly diverges: boolean
}

/**
 * How trainings end and how long they take: accuracies and step times as the reference networks have them, with deviations that
 * follow from the seed and the network. Depends on nothing else, so the order in which it is asked does not matter.
 */
export class TrainingOracle {
  private readonly networks = new NetworkModel()

  constructor(
    private readonly seed: number,
    private readonly cluster: Pick<ClusterConfig, 'images' | 'trainings'>,
  ) {}

  train(lease: JobLease, device: SimulatedDevice): SimulatedTraining {
    const { specification } = lease
    const images = countImages(this.cluster.images, specification.subset)
    const truth = this.truthOf(specification, images)
    const rng = randomStream(this.seed, 'attempt', lease.jobId, lease.token)
    const { overhead, crashed } = this.cluster.trainings
    const around = { setupMs: overhead / 2, closingMs: overhead / 2 }
    if (truth.memoryBytes > device.memoryBytes * usableMemory) return { ...around, epochs: [], outcome: outOfMemory(truth.memoryBytes) }
    const epochs = this.epochsOf(specification, images, truth, device, rng)
    const full: SimulatedTraining = { ...around, epochs, outcome: succeeded(specification, images, epochs, truth.stepMs / device.speed, device, rng) }
    const ended = truth.diverges ? divergedIn(full, rng) : full
    if (rng.chance(crashed)) return crashedIn(ended, rng)
    return withinLimit(ended, specification.timeLimitMs ?? Infinity)
  }

  private truthOf({ encoding, recipe }: TrainingSpecification, { classes }: ImageCounts): NetworkTruth {
    const rng = randomStream(this.seed, 'network', encoding)
    const genome = parseGenome(encoding)
    const cost = genomeCost(genome, { resolution: recipe.resolution, classes })
    return {
      ...this.networks.draw(genome, cost, recipe.batch, rng),
      memoryBytes: trainingBytes(cost, recipe.batch),
      diverges: rng.chance(this.cluster.trainings.diverged),
    }
  }

  private epochsOf({ recipe, stopAfterEpochs = recipe.epochs }: TrainingSpecification, images: ImageCounts, truth: NetworkTruth, device: SimulatedDevice, rng: Rng): SimulatedEpoch[] {
    const steps = stepsOfEpoch(images.train, images.validation, recipe.batch)
    const stepMs = truth.stepMs / device.speed
    const chance = 1 / images.classes
    const noise = rng.normal() * trainingNoise
    return Array.from({ length: stopAfterEpochs }, (_, index) => {
      const learnt = (index + 1) / (index + 1 + halfLearntEpochs)
      const top1 = Math.min(1, Math.max(0, chance + Math.max(0, 1 - truth.error - chance) * learnt + noise))
      return {
        durationMs: steps * stepMs * Math.exp(rng.normal() * epochNoise),
        loss: -Math.log(Math.max(chance / 2, top1)),
        top1,
        imagesPerSecond: (recipe.batch * 1000) / stepMs,
      }
    })
  }
}

function succeeded(
  { recipe }: TrainingSpecification,
  { train, validation }: ImageCounts,
  epochs: readonly SimulatedEpoch[],
  stepMs: number,
  { deviceClass }: SimulatedDevice,
  rng: Rng,
): Outcome {
  const { loss, top1 } = epochs[epochs.length - 1]
  const median = stepMs * Math.exp(rng.normal() * stepNoise)
  const result = {
    top1,
    loss,
    epochs: epochs.length,
    imagesPerSecond: (recipe.batch * 1000) / median,
    stepMs: { median, p10: median * (1 - stepNoise), p90: median * (1 + stepNoise) },
    trainingMs: epochs.reduce((sum, { durationMs }) => sum + durationMs, 0),
    deviceClass,
    precision: recipe.precision === 'auto' ? ('float32' as const) : recipe.precision,
    images: { train, validation, unreadable: 0 },
  }
  return { kind: 'succeeded', result }
}

function outOfMemory(peakBytes: number): Outcome {
  return { kind: 'out_of_memory', peakBytes, message: 'needs more memory than the simulated device has' }
}

function divergedIn(training: SimulatedTraining, rng: Rng): SimulatedTraining {
  const epoch = rng.integer(training.epochs.length) + 1
  return { ...training, epochs: training.epochs.slice(0, epoch), outcome: { kind: 'diverged', epoch, message: 'the simulated loss is not a number' } }
}

function crashedIn(training: SimulatedTraining, rng: Rng): SimulatedTraining {
  const epochs = training.epochs.slice(0, rng.integer(training.epochs.length + 1))
  return { ...training, epochs, outcome: { kind: 'failed', reason: 'crashed', message: 'the simulated trainer crashed' } }
}

function withinLimit(training: SimulatedTraining, limitMs: number): SimulatedTraining {
  let spentMs = 0
  const inTime = training.epochs.findIndex(({ durationMs }) => (spentMs += durationMs) > limitMs)
  if (inTime < 0) return training
  const before = training.epochs.slice(0, inTime)
  const closingMs = limitMs - before.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return { ...training, epochs: before, closingMs, outcome: { kind: 'timed_out', limitMs, message: `over its limit of ${limitMs} ms` } }
}
