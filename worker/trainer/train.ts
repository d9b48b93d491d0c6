import { InvalidInputError, messageOf } from '../../shared/errors.js'
import type { Outcome, TrainingResult } from '../../shared/training/outcome.js'
import type { TrainingSpecification } from '../../shared/training/specification.js'
import { resolveDataDirectory } from '../data/data-directory.js'
import { type Dataset, defaultLoadingThreads, openDataset } from '../data/dataset.js'
import { CheckpointFolder, resumeFrom } from './checkpoint-folder.js'
import { DataError, outcomeOfError } from './ended-early.js'
import type { TrainableNetwork, TrainingEngine } from './engine.js'
import { diverged, trainEpoch } from './epoch.js'
import { evaluate } from './evaluate.js'
import { learningRateAt } from './learning-rate.js'
import { measureThroughput } from './measure-throughput.js'
import type { TrainerEvent } from './messages.js'
import { type TrainingProgress, trainingFingerprint } from './progress.js'
import type { QuietWindow } from './quiet-window.js'
import { StepGate } from './step-gate.js'

export interface TrainingOptions {
  readonly engine: TrainingEngine
  /** Told what happens, in order; the outcome is the return value and is not told. */
  readonly emit: (event: TrainerEvent) => void
  readonly signal: AbortSignal
  readonly quietWindow: QuietWindow
  /** Checkpoints go here; none are written when left out. */
  readonly outputDirectory?: string
  /** Checkpoint to continue from, exactly as if the training had never stopped. */
  readonly resumeFrom?: string
  /** Processors that the training may use; default: all. */
  readonly threads?: number
  /** Largest memory this process has held, bytes. */
  readonly peakBytes: () => number
  /** Milliseconds that never go back. */
  readonly now?: () => number
}

/**
 * Trains one network on one folder, evaluates it after each epoch and measures its throughput at the end. Every end is an
 * outcome; it throws nothing.
 */
export async function runTraining(specification: TrainingSpecification, options: TrainingOptions): Promise<Outcome> {
  try {
    return { kind: 'succeeded', result: await train(specification, options) }
  } catch (error) {
    return outcomeOfError(error, options.peakBytes())
  }
}

async function train(specification: TrainingSpecification, options: TrainingOptions): Promise<TrainingResult> {
  const { encoding, recipe } = specification
  const dataset = await openImages(specification, options)
  try {
    const network = await options.engine.open({ ...recipe, encoding, classes: dataset.classes.length })
    try {
      return await new Training(specification, options, dataset, network).run()
    } finally {
      network.close()
    }
  } finally {
    await dataset.close()
  }
}

async function openImages(specification: TrainingSpecification, { emit, threads }: TrainingOptions): Promise<Dataset> {
  const { dataDirectory, subset, recipe, unreadableLimit, manifestHash } = specification
  const log = (message: string): void => emit({ kind: 'log', level: 'warn', message })
  const inform = (message: string): void => emit({ kind: 'log', level: 'info', message })
  const directory = await resolveDataDirectory(dataDirectory, inform)
  const expected = manifestHash === undefined ? {} : { expectedManifestHash: manifestHash }
  const share = threads === undefined ? {} : { loadingThreads: defaultLoadingThreads(threads) }
  try {
    return await openDataset({ directory, subset, recipe, unreadableLimit, log, inform, ...expected, ...share })
  } catch (error) {
    if (error instanceof InvalidInputError) throw new DataError(messageOf(error), error.details, { cause: error })
    throw error
  }
}

const untrained: TrainingProgress = { epoch: 0, loss: NaN, top1: NaN, bestTop1: -Infinity, trainingMs: 0 }

class Training {
  private readonly gate: StepGate
  private readonly now: () => number
  private readonly fingerprint: string
  private readonly checkpoints: CheckpointFolder | null
  private checkpoint: string | undefined
  private progress = untrained

  constructor(
    private readonly specification: TrainingSpecification,
    private readonly options: TrainingOptions,
    private readonly dataset: Dataset,
    private readonly network: TrainableNetwork,
  ) {
    const { signal, quietWindow, outputDirectory, now = () => performance.now() } = options
    this.now = now
    const { timeLimitMs } = specification
    this.gate = new StepGate({ signal, quietWindow, now, ...(timeLimitMs === undefined ? {} : { limitMs: timeLimitMs }) })
    this.fingerprint = trainingFingerprint(specification, dataset.manifestHash)
    this.checkpoints = outputDirectory === undefined ? null : new CheckpointFolder(outputDirectory, this.fingerprint)
  }

  async run(): Promise<TrainingResult> {
    const { recipe, stopAfterEpochs = recipe.epochs } = this.specification
    await this.begin()
    while (this.progress.epoch < stopAfterEpochs) await this.epoch()
    const measurement = await this.measure()
    const { epoch, top1, loss, trainingMs } = this.progress
    const { deviceClass } = this.options.engine.device
    const { precision } = this.network
    const result = { top1, loss, epochs: epoch, ...measurement, trainingMs, deviceClass, precision, images: this.dataset.counts }
    return this.checkpoint === undefined ? result : { ...result, checkpoint: this.checkpoint }
  }

  private async begin(): Promise<void> {
    const { engine, emit, resumeFrom: path } = this.options
    const { encoding, recipe } = this.specification
    this.network.initialize(recipe.seed)
    if (path !== undefined) this.progress = await resumeFrom(path, this.network, this.fingerprint)
    const { classes, counts, stepsPerEpoch } = this.dataset
    const { train, validation } = counts
    const scale = { classes: classes.length, images: { train, validation }, stepsPerEpoch, epochs: recipe.epochs }
    emit({ kind: 'started', encoding, ...scale, epochsDone: this.progress.epoch, ...engine.device, precision: this.network.precision })
    this.gate.start(this.progress.trainingMs)
  }

  private async epoch(): Promise<void> {
    const { signal, emit } = this.options
    const { recipe } = this.specification
    const { epoch, bestTop1 } = this.progress
    const { stepsPerEpoch } = this.dataset
    const rate = (step: number): number => learningRateAt(epoch * stepsPerEpoch + step, recipe.epochs * stepsPerEpoch, recipe)
    const progress = (step: number, loss: number): void => emit({ kind: 'progress', epoch: epoch + 1, step, steps: stepsPerEpoch, loss })
    const figures = await trainEpoch(this.network, this.dataset, epoch, rate, { gate: this.gate, signal, progress })
    const { top1, loss } = await evaluate(this.network, this.dataset, this.gate, signal)
    if (!Number.isFinite(loss)) throw diverged(epoch, `the validation loss became ${loss} in epoch ${epoch + 1}`)
    const trainingMs = this.gate.elapsedMs()
    this.progress = { epoch: epoch + 1, loss: figures.loss, top1, bestTop1: Math.max(bestTop1, top1), trainingMs }
    emit({ kind: 'epoch', epoch: epoch + 1, epochs: recipe.epochs, top1, ...figures })
    await this.save()
  }

  private async save(): Promise<void> {
    if (this.checkpoints === null) return
    this.checkpoint = await this.checkpoints.write(this.network, this.progress)
    this.options.emit({ kind: 'checkpoint', epoch: this.progress.epoch, path: this.checkpoint })
  }

  private async measure() {
    const { engine, emit, signal, quietWindow } = this.options
    const { recipe } = this.specification
    const step = (): void => this.network.benchmarkStep()
    const measurement = await quietWindow.hold(() => measureThroughput(step, recipe.batch, signal, this.now), signal)
    emit({ kind: 'measured', ...measurement, ...engine.device, precision: this.network.precision })
    return measurement
  }
}
