import { InvalidInputError } from '../../shared/errors.js'
import type { SubsetSpecification, TrainingRecipe } from '../../shared/training/specification.js'
import { derivedGenerator } from './derived-generator.js'
import { ImageSource, type ReadImage } from './image-source.js'
import { type Manifest, type ManifestImage, resolveManifest } from './manifest.js'
import { mapInOrder } from './map-in-order.js'
import { readCollection } from './read-collection.js'
import { alongShards, shuffled } from './shards/shard-order.js'
import { type StreamedImage, streamShards } from './shards/shard-stream.js'
import { UnreadableImages } from './unreadable-images.js'

/** Images of one step. */
export interface ImageBatch {
  /** size x resolution x resolution x 3 bytes, NHWC, RGB. */
  readonly images: Uint8Array
  readonly labels: Int32Array
  readonly size: number
}

export interface DatasetOptions {
  readonly directory: string
  readonly subset: SubsetSpecification
  readonly recipe: Pick<TrainingRecipe, 'resolution' | 'batch' | 'augmentation' | 'seed'>
  /** Largest share of files with an image's name that may be unreadable, 0..1. */
  readonly unreadableLimit: number
  /** Refuse a folder whose subset resolves to another manifest. */
  readonly expectedManifestHash?: string
  /** Told once of each file that is skipped. */
  readonly log: (line: string) => void
  /** Memory for decoded pixels that are used again. Default 256 MiB; 64-pixel images of 20,000 files fit. */
  readonly cacheBytes?: number
  /** Memory for decoded images that wait for their step. Default 256 MiB; never more than `prefetchBatches`, never less than one image. */
  readonly prefetchBytes?: number
  /** Batches decoded ahead of the step. Default 2: hides decoding behind the step, also where a file takes two turns of the event loop. */
  readonly prefetchBatches?: number
  /** Memory for encoded images of shards that are mixed there before they are used. Default 128 MiB; part of what decides the order. */
  readonly shuffleBytes?: number
}

export interface DatasetCounts {
  /** Training images in use: files of the manifest without those known to be unreadable. */
  readonly train: number
  readonly validation: number
  /** Files with an image's name that were skipped so far; complete after one epoch and one evaluation. */
  readonly unreadable: number
}

const mebibyte = 1024 * 1024

interface LabelledPixels {
  readonly label: number
  readonly pixels: Uint8Array
}

/** Fills batches image by image. */
class BatchAssembly {
  private images: Uint8Array
  private readonly labels: number[] = []

  constructor(
    private readonly batch: number,
    private readonly imageBytes: number,
  ) {
    this.images = this.empty()
  }

  /** Every byte is written before the batch is handed out, so nothing is cleared first. */
  private empty(): Uint8Array {
    return Buffer.allocUnsafeSlow(this.batch * this.imageBytes)
  }

  /** The batch that this image completes, if it does. */
  add({ label, pixels }: LabelledPixels): ImageBatch | null {
    this.images.set(pixels, this.labels.length * this.imageBytes)
    this.labels.push(label)
    return this.labels.length === this.batch ? this.take() : null
  }

  /** What is there, as a partial batch; null when there is nothing. */
  rest(): ImageBatch | null {
    return this.labels.length === 0 ? null : this.take()
  }

  private take(): ImageBatch {
    const size = this.labels.length
    const result = { images: this.images.subarray(0, size * this.imageBytes), labels: Int32Array.from(this.labels), size }
    this.images = this.empty()
    this.labels.length = 0
    return result
  }
}

/** Reads what a stream of shards delivered; it delivered nothing where the bytes are held. */
function delivered({ encoded }: StreamedImage): ReadImage {
  return () => {
    if (encoded === null) return Promise.reject(new Error('its bytes were not read'))
    return encoded instanceof Error ? Promise.reject(encoded) : Promise.resolve(encoded)
  }
}

/** The images of one job: a data folder, a subset of it, decoded and augmented in the background. */
export class Dataset {
  private readonly source: ImageSource
  private readonly unreadable: UnreadableImages
  private readonly imageBytes: number
  private readonly inFlight: number
  private readonly isSharded: boolean

  constructor(
    private readonly manifest: Manifest,
    private readonly options: DatasetOptions,
  ) {
    const { resolution, batch } = options.recipe
    this.unreadable = new UnreadableImages(manifest, options.unreadableLimit, options.log)
    this.source = new ImageSource(manifest.directory, resolution, this.unreadable, options.cacheBytes ?? 256 * mebibyte)
    this.imageBytes = resolution * resolution * 3
    this.isSharded = manifest.train.some(({ range }) => range !== undefined)
    const affordable = Math.floor((options.prefetchBytes ?? 256 * mebibyte) / this.imageBytes)
    this.inFlight = Math.max(1, Math.min((options.prefetchBatches ?? 2) * batch, affordable))
  }

  /** Class names; a label is a position in this list. */
  get classes(): readonly string[] {
    return this.manifest.classes
  }

  get manifestHash(): string {
    return this.manifest.hash
  }

  /** Training steps of an epoch: the last partial batch is dropped. Fixed, whatever turns out to be unreadable. */
  get stepsPerEpoch(): number {
    return Math.floor(this.manifest.train.length / this.options.recipe.batch)
  }

  get counts(): DatasetCounts {
    const { train, validation, total } = this.unreadable.counts
    return { train: this.manifest.train.length - train, validation: this.manifest.validation.length - validation, unreadable: total }
  }

  /**
   * `stepsPerEpoch` full batches in an order and with augmentations that depend on (seed, epoch, image) alone. The place of
   * an unreadable image is taken by the next one; where they run out at the end, by the first ones of the same epoch.
   * @throws UnreadableImagesError, CancelledError
   */
  async *trainBatches(epoch: number, signal?: AbortSignal): AsyncGenerator<ImageBatch, void, undefined> {
    const assembly = new BatchAssembly(this.options.recipe.batch, this.imageBytes)
    let missing = this.stepsPerEpoch
    // The first pass always runs to its end, so that every file was looked at; more are there for the holes only.
    for (let pass = 0; pass === 0 || missing > 0; pass++) {
      this.unreadable.requireFew()
      for await (const image of this.trainingImages(epoch, signal)) {
        const batch = image === null ? null : assembly.add(image)
        if (batch === null) continue
        missing -= 1
        yield batch
        if (pass > 0 && missing === 0) return
      }
    }
  }

  /** Every readable validation image once, in the order of the manifest (shards: along them); the last batch may be partial. */
  async *validationBatches(signal?: AbortSignal): AsyncGenerator<ImageBatch, void, undefined> {
    const assembly = new BatchAssembly(this.options.recipe.batch, this.imageBytes)
    for await (const image of this.validationImages(signal)) {
      const batch = image === null ? null : assembly.add(image)
      if (batch !== null) yield batch
    }
    const rest = assembly.rest()
    if (rest !== null) yield rest
  }

  private validationImages(signal?: AbortSignal): AsyncGenerator<LabelledPixels | null, void, undefined> {
    const { validation } = this.manifest
    const decode = async (index: number, read?: ReadImage) => labelled(validation[index], await this.source.evaluationImage(validation[index], read))
    if (!this.isSharded) return mapInOrder(validation.keys(), this.inFlight, decode, signal)
    const stream = this.stream(validation, alongShards(validation, (shards) => shards))
    return mapInOrder(stream, this.inFlight, (image) => decode(image.index, delivered(image)), signal)
  }

  private trainingImages(epoch: number, signal?: AbortSignal): AsyncGenerator<LabelledPixels | null, void, undefined> {
    const { seed, augmentation } = this.options.recipe
    const { train } = this.manifest
    const decode = async (index: number, read?: ReadImage): Promise<LabelledPixels | null> => {
      const rng = derivedGenerator(seed, 'augmentation', epoch, index)
      return labelled(train[index], await this.source.trainingImage(train[index], augmentation, rng, read))
    }
    const order = derivedGenerator(seed, 'order', epoch)
    if (!this.isSharded) return mapInOrder(order.shuffle([...train.keys()]), this.inFlight, decode, signal)
    const stream = this.stream(train, alongShards(train, (shards) => order.shuffle(shards)))
    const mixed = shuffled(stream, this.options.shuffleBytes ?? 128 * mebibyte, (index) => train[index].bytes, order)
    return mapInOrder(mixed, this.inFlight, (image) => decode(image.index, delivered(image)), signal)
  }

  private stream(images: readonly ManifestImage[], order: readonly number[]): AsyncGenerator<StreamedImage, void, undefined> {
    return streamShards(images, order, { directory: this.manifest.directory, isHeld: (image) => this.source.isHeld(image) })
  }
}

function labelled(image: ManifestImage, pixels: Uint8Array | null): LabelledPixels | null {
  return pixels === null ? null : { label: image.label, pixels }
}

/** @throws InvalidInputError when no training step would be left */
export function requireOneBatch({ train, directory }: Manifest, batch: number): void {
  if (train.length >= batch) return
  throw new InvalidInputError(
    `${JSON.stringify(directory)} has ${train.length} training images in use, fewer than one batch of ${batch}; use a batch of at most ${train.length}`,
    { directory, images: train.length, batch },
  )
}

/**
 * Lists the folder and resolves the subset; decodes nothing yet.
 * @throws InvalidInputError when the folder has none of the layouts, resolves to another manifest, or is smaller than a batch
 */
export async function openDataset(options: DatasetOptions): Promise<Dataset> {
  const manifest = await resolveManifest(await readCollection(options.directory, options.log), options.subset)
  const { expectedManifestHash: expected } = options
  if (expected !== undefined && expected !== manifest.hash) {
    throw new InvalidInputError(
      `${JSON.stringify(options.directory)} does not hold the images of this job: its manifest is ${manifest.hash}, expected ${expected}`,
      { directory: options.directory, expected, found: manifest.hash },
    )
  }
  requireOneBatch(manifest, options.recipe.batch)
  return new Dataset(manifest, options)
}
