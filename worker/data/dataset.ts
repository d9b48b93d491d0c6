import { availableParallelism } from 'node:os'
import { InvalidInputError } from '../../shared/errors.js'
import type { Augmentation, SubsetSpecification, TrainingRecipe } from '../../shared/training/specification.js'
import { derivedGenerator } from './derived-generator.js'
import { ImageCache } from './image-cache/image-cache.js'
import { type ImageCacheSettings, imageCacheSettings } from './image-cache/cache-settings.js'
import { BatchAssembly, type ImageBatch } from './image-batch.js'
import { ImageLoader, type LoadableImage, type LoadedChunk } from './image-loader.js'
import { inChunks } from './in-chunks.js'
import type { TrainingPass } from './loading/messages.js'
import { type Manifest, type ManifestImage, resolveManifest } from './manifest.js'
import { mapInOrder } from './map-in-order.js'
import { readCollection } from './read-collection.js'
import { alongShards, shuffled } from './shards/shard-order.js'
import { type StreamedImage, streamShards } from './shards/shard-stream.js'
import { UnreadableImages } from './unreadable-images.js'

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
  /** Told what else is worth knowing. */
  readonly inform?: (line: string) => void
  /** Where resized images are kept on the disk; null = nowhere. Default: as this machine is set. */
  readonly imageCache?: ImageCacheSettings | null
  /** Memory for resized images that are not on the disk. Default 256 MiB; 20,000 of 64 x 64 pixels fit. */
  readonly cacheBytes?: number
  /** Memory for images that wait for their step. Default 256 MiB; never less than one image. */
  readonly prefetchBytes?: number
  /** Batches loaded ahead of the step. Default 2, or one more than there are loading threads. */
  readonly prefetchBatches?: number
  /** Threads that read and augment; decoding has the process's thread pool besides. Default: one for four processors. */
  readonly loadingThreads?: number
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

const unread = (index: number): LoadableImage => ({ index, encoded: null })

/** The images of one job: a data folder, a subset of it, decoded and augmented in the background. */
export class Dataset {
  private readonly loader: ImageLoader
  private readonly unreadable: UnreadableImages
  private readonly imageBytes: number
  /** Images that a thread is asked for at a time, and how many such requests there are at most: done ones wait for their step. */
  private readonly chunk: number
  private readonly chunksInFlight: number
  private readonly isSharded: boolean

  constructor(
    private readonly manifest: Manifest,
    private readonly options: DatasetOptions,
    cache: ImageCache | null,
  ) {
    const { resolution, batch } = options.recipe
    const { loadingThreads: threads = defaultLoadingThreads(availableParallelism()), cacheBytes: memoryBytes = 256 * mebibyte } = options
    this.unreadable = new UnreadableImages(manifest, options.unreadableLimit, options.log)
    this.loader = new ImageLoader({ directory: manifest.directory, resolution, unreadable: this.unreadable, threads, memoryBytes, cache })
    this.imageBytes = resolution * resolution * 3
    this.isSharded = manifest.train.some(({ range }) => range !== undefined)
    const affordable = Math.max(1, Math.floor((options.prefetchBytes ?? 256 * mebibyte) / this.imageBytes))
    this.chunk = Math.min(batch, affordable)
    this.chunksInFlight = Math.min(options.prefetchBatches ?? Math.max(2, threads + 1), Math.floor(affordable / this.chunk))
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
      for await (const chunk of this.pass(this.manifest.train, this.options.recipe.augmentation, () => this.trainingChunks(epoch, signal))) {
        for (const batch of assembly.add(chunk)) {
          missing -= 1
          yield batch
          if (pass > 0 && missing === 0) return
        }
      }
    }
  }

  /** Every readable validation image once, in the order of the manifest (shards: along them); the last batch may be partial. */
  async *validationBatches(signal?: AbortSignal): AsyncGenerator<ImageBatch, void, undefined> {
    const assembly = new BatchAssembly(this.options.recipe.batch, this.imageBytes)
    for await (const chunk of this.pass(this.manifest.validation, undefined, () => this.validationChunks(signal))) yield* assembly.add(chunk)
    yield* assembly.rest()
  }

  /** Ends the threads; no batches may be asked for any more. */
  close(): Promise<void> {
    return this.loader.close()
  }

  private async *pass(
    images: readonly ManifestImage[],
    augmentation: Augmentation | undefined,
    chunks: () => AsyncIterable<LoadedChunk>,
  ): AsyncGenerator<LoadedChunk, void, undefined> {
    await this.loader.begin(images, augmentation)
    try {
      yield* chunks()
    } finally {
      await this.loader.end()
    }
  }

  private validationChunks(signal?: AbortSignal): AsyncGenerator<LoadedChunk, void, undefined> {
    const { validation } = this.manifest
    if (!this.isSharded) return this.chunks(validation, [...validation.keys()].map(unread), undefined, signal)
    return this.chunks(validation, this.stream(validation, alongShards(validation, (shards) => shards)), undefined, signal)
  }

  private trainingChunks(epoch: number, signal?: AbortSignal): AsyncGenerator<LoadedChunk, void, undefined> {
    const { seed, augmentation } = this.options.recipe
    const { train } = this.manifest
    const order = derivedGenerator(seed, 'order', epoch)
    const pass = { seed, augmentation, epoch }
    if (!this.isSharded) return this.chunks(train, order.shuffle([...train.keys()]).map(unread), pass, signal)
    const stream = this.stream(train, alongShards(train, (shards) => order.shuffle(shards)))
    return this.chunks(train, shuffled(stream, this.options.shuffleBytes ?? 128 * mebibyte, (index) => train[index].bytes, order), pass, signal)
  }

  private chunks(
    images: readonly ManifestImage[],
    wanted: Iterable<LoadableImage> | AsyncIterable<LoadableImage>,
    pass: TrainingPass | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<LoadedChunk, void, undefined> {
    return mapInOrder(inChunks(wanted, this.chunk), this.chunksInFlight, (chunk) => this.loader.load(images, chunk, pass), signal)
  }

  private stream(images: readonly ManifestImage[], order: readonly number[]): AsyncGenerator<StreamedImage, void, undefined> {
    return streamShards(images, order, { directory: this.manifest.directory, isHeld: (image) => this.loader.isHeld(image) })
  }
}

/** One thread resizes and augments as fast as four processors decode. */
export function defaultLoadingThreads(processors: number): number {
  return Math.max(1, Math.floor(processors / 4))
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
  const manifest = await resolveManifest(await readCollection(options.directory, options.inform ?? options.log), options.subset)
  const { expectedManifestHash: expected } = options
  if (expected !== undefined && expected !== manifest.hash) {
    throw new InvalidInputError(
      `${JSON.stringify(options.directory)} does not hold the images of this job: its manifest is ${manifest.hash}, expected ${expected}`,
      { directory: options.directory, expected, found: manifest.hash },
    )
  }
  return datasetOf(manifest, options)
}

/** @throws InvalidInputError when the manifest is smaller than a batch */
export async function datasetOf(manifest: Manifest, options: DatasetOptions): Promise<Dataset> {
  const { imageCache = imageCacheSettings(), recipe, log, inform = log } = options
  requireOneBatch(manifest, recipe.batch)
  return new Dataset(manifest, options, imageCache && (await ImageCache.open(imageCache, manifest.directory, recipe.resolution, inform)))
}
