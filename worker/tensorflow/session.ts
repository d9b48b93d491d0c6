import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TFSavedModel } from '@tensorflow/tfjs-node-gpu/dist/saved_model.js'
import { InvalidInputError } from '../../shared/errors.js'
import type { Precision } from '../../shared/training/specification.js'
import { createRng } from '../../shared/rng.js'
import { sessionError } from './errors.js'
import { feedImages, imageBytes } from './images.js'
import { type TensorFlow, loadTensorFlow } from './native/load.js'
import { type SignatureName, type TrainingProgram, entryPointsOf, savedModelOf } from './program.js'
import { servingTag } from './saved-model.js'
import { type VariableSpecification, elementCount } from './variables.js'

/** Images as raw RGB bytes, [count, resolution, resolution, 3], and their class indices. */
export interface Batch {
  readonly images: Uint8Array
  readonly labels: Int32Array
}

export interface SessionOptions {
  /** Folder for the program's temporary files; default: the system's. Nothing is left there. */
  readonly directory?: string
}

export interface TrainStepResult {
  /** Mean loss of the batch before the update, label smoothing included, weight decay not. */
  readonly loss: number
  /** Images of the batch that were classified right. */
  readonly correct: number
  /** The step changed nothing, because gradients overflowed at this scale of the loss; the next one has half of it (float16 only). */
  readonly skipped: boolean
  /** The loss is NaN or infinite, or gradients are although the scale of the loss cannot be made smaller. */
  readonly diverged: boolean
}

export interface EvaluationStepResult {
  /** Sum of the images' losses, without label smoothing. */
  readonly lossSum: number
  readonly correct: number
}

export interface RestoreOptions {
  /** Shapes of the values: variables that they lack, or have in another shape (a changed head), keep what they hold. Default: that is an error. */
  readonly partial?: ReadonlyMap<string, readonly number[]>
}

type TensorMap = Record<string, ReturnType<TensorFlow['tensor']>>

/**
 * A program loaded into TensorFlow: the variables live here. All calls but `open` are synchronous and block the event loop
 * while TensorFlow works. `initialize` or `restore` comes first. Every call but `close` may throw OutOfMemoryError.
 */
export class TrainingSession {
  /** Shapes of all variables, by name, in the order of `read`; what a checkpoint needs beside the values. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  readonly precision: Precision
  private batchLoaded = false

  private constructor(
    private readonly tf: TensorFlow,
    private readonly program: TrainingProgram,
    private readonly models: Readonly<Record<SignatureName, TFSavedModel>>,
  ) {
    this.precision = program.options.precision
    this.shapes = new Map(program.variables.map(({ name, shape }) => [name, shape]))
  }

  /** Loads TensorFlow (setting it up where it is not) and the program. @throws what `loadTensorFlow` throws */
  static async open(program: TrainingProgram, options: SessionOptions = {}): Promise<TrainingSession> {
    const tf = await loadTensorFlow()
    const directory = await mkdtemp(join(options.directory ?? tmpdir(), 'nasoa-program-'))
    try {
      return new TrainingSession(tf, program, await loadModels(tf, program, directory))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  /** Gives all variables their first values: weights by the seed (0 to 2^32 - 1), optimizer state and step counter zero. The scale of the loss starts high. */
  initialize(seed: number): void {
    this.run('init', { seed: this.tf.scalar(seed | 0, 'int32'), zero: this.tf.scalar(0), one: this.tf.scalar(1) })
  }

  /** One optimizer step on a batch of exactly the program's size. @throws InvalidInputError for a batch of another size or a label out of range */
  trainStep(batch: Batch, learningRate: number): TrainStepResult {
    this.loadBatch(batch)
    return this.step(learningRate)
  }

  /** Evaluates a batch of any size; changes nothing. @throws InvalidInputError as for `trainStep` */
  evaluateStep(batch: Batch): EvaluationStepResult {
    this.checkBatch(batch, batch.labels.length)
    const [lossSum, correct] = this.run('eval_step', this.feed(batch)).metrics
    return { lossSum, correct }
  }

  /**
   * One whole training step on a batch that is already on the device (the last one trained on, else random pixels), with
   * learning rate 0: for timing. It moves momentum, moving statistics and the step counter, so `read` before and `restore`
   * after if the training goes on.
   */
  benchmarkStep(): void {
    if (!this.batchLoaded) this.loadBatch(randomBatch(this.program))
    this.step(0)
  }

  /** Copies of all variables, those of the optimizer and the step counter included, by name. */
  read(): Map<string, Float32Array> {
    const values = this.run('read', {})
    return new Map(this.program.variables.map(({ name }, position) => [name, values[position]]))
  }

  /** Sets all variables. @throws InvalidInputError if one is missing or has another size; nothing is changed then */
  restore(values: ReadonlyMap<string, Float32Array>, options: RestoreOptions = {}): void {
    const { partial } = options
    const complete = partial === undefined ? values : new Map([...this.read(), ...this.fitting(values, partial)])
    const chosen = this.program.variables.map((variable) => chooseValue(variable, complete))
    const feeds = this.program.variables.map(({ shape }, position) => [`${position}`, this.tf.tensor(chosen[position], [...shape], 'float32')])
    this.run('restore', Object.fromEntries(feeds) as TensorMap)
  }

  /** Frees the variables and everything else; the session cannot be used any more. */
  close(): void {
    for (const model of Object.values(this.models)) model.dispose()
  }

  /** Puts a batch on the device, for `benchmarkStep`. @throws InvalidInputError as for `trainStep` */
  loadBatch(batch: Batch): void {
    this.checkBatch(batch, this.program.options.batch)
    this.run('load_batch', this.feed(batch))
    this.batchLoaded = true
  }

  /** The values whose variables are here in the same shape. */
  private fitting(values: ReadonlyMap<string, Float32Array>, shapes: ReadonlyMap<string, readonly number[]>): [string, Float32Array][] {
    return [...values].filter(([name]) => shapes.get(name)?.join() === this.shapes.get(name)?.join())
  }

  private step(learningRate: number): TrainStepResult {
    const [loss, correct, skipped, diverged] = this.run('train_step', { learning_rate: this.tf.scalar(learningRate, 'float32') }).metrics
    return { loss, correct, skipped: skipped === 1, diverged: diverged === 1 }
  }

  private feed({ images, labels }: Batch): TensorMap {
    const { tf, program } = this
    const words = feedImages(images, labels.length, program.graph.resolution)
    return { images: tf.tensor(words, [labels.length, words.length / labels.length], 'int32'), labels: tf.tensor(labels, [labels.length], 'int32') }
  }

  /** Runs one entry point; feeds are disposed, outputs are copied out and disposed. */
  private run(signature: SignatureName, feeds: TensorMap): Record<string, Float32Array> {
    let outputs: TensorMap = {}
    try {
      outputs = this.models[signature].predict(feeds) as TensorMap
      return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.dataSync<'float32'>()]))
    } catch (error) {
      throw sessionError(error)
    } finally {
      this.tf.dispose([feeds, outputs])
    }
  }

  private checkBatch({ images, labels }: Batch, count: number): void {
    const { resolution, classes } = this.program.graph
    if (labels.length !== count || count === 0) throw new InvalidInputError(`a batch needs ${Math.max(count, 1)} labels, got ${labels.length}`)
    const bytes = count * imageBytes(resolution)
    if (images.length !== bytes) {
      throw new InvalidInputError(`${count} RGB images of ${resolution}x${resolution} are ${bytes} bytes, got ${images.length}`)
    }
    const wrong = labels.find((label) => label < 0 || label >= classes)
    if (wrong !== undefined) throw new InvalidInputError(`label ${wrong} is not in 0..${classes - 1}`)
  }
}

/**
 * tfjs-node reads the whole file again for every entry point, in JavaScript, although all of them share the session that the
 * first one made; so the file shrinks to the entry points alone once that session is there.
 */
async function loadModels(tf: TensorFlow, program: TrainingProgram, directory: string): Promise<Record<SignatureName, TFSavedModel>> {
  const file = join(directory, 'saved_model.pb')
  const load = (signature: SignatureName) => tf.node.loadSavedModel(directory, [servingTag], signature)
  await writeFile(file, savedModelOf(program))
  const init = await load('init')
  await writeFile(file, entryPointsOf(program))
  const [load_batch, train_step, eval_step] = [await load('load_batch'), await load('train_step'), await load('eval_step')]
  return { init, load_batch, train_step, eval_step, read: await load('read'), restore: await load('restore') }
}

function chooseValue({ name, shape }: VariableSpecification, values: ReadonlyMap<string, Float32Array>): Float32Array {
  const value = values.get(name)
  const size = elementCount(shape)
  if (value?.length === size) return value
  const problem = value === undefined ? 'is missing' : `has ${value.length} elements`
  throw new InvalidInputError(`cannot restore: variable ${name} ${problem}, ${size} expected`)
}

function randomBatch({ graph, options }: TrainingProgram): Batch {
  const rng = createRng(0)
  const images = Uint8Array.from({ length: options.batch * imageBytes(graph.resolution) }, () => rng.integer(256))
  return { images, labels: Int32Array.from({ length: options.batch }, () => rng.integer(graph.classes)) }
}
