import type { Augmentation } from '../../shared/training/specification.js'
import type { ImageCache } from './image-cache/image-cache.js'
import { ImageMemory } from './image-memory.js'
import { LoadingThreads } from './loading/loading-threads.js'
import type { TrainingPass, WantedImage } from './loading/messages.js'
import type { ManifestImage } from './manifest.js'
import type { ResizedImage } from './resized-image.js'
import type { UnreadableImages } from './unreadable-images.js'

/** An image to load: its number in the manifest, and its bytes where they were read already (or why they could not be). */
export interface LoadableImage {
  readonly index: number
  readonly encoded: Buffer | Error | null
}

/** Images of one request, in its order; those that cannot be used are left out. */
export interface LoadedChunk {
  readonly labels: readonly number[]
  /** Where the images are in `pixels`, counted in images. */
  readonly places: readonly number[]
  readonly pixels: Uint8Array
}

export interface ImageLoaderOptions {
  readonly directory: string
  readonly resolution: number
  readonly unreadable: UnreadableImages
  readonly threads: number
  readonly memoryBytes: number
  /** Null = what is decoded is kept in memory alone. */
  readonly cache: ImageCache | null
}

/** As they are evaluated where there is no augmentation. */
function usesResized(augmentation: Augmentation | undefined): boolean {
  return augmentation !== 'original-resized-crop'
}

const nothing: LoadedChunk = { labels: [], places: [], pixels: new Uint8Array(0) }

/** Has images decoded and augmented by threads, keeps them resized, and counts those that cannot be used. */
export class ImageLoader {
  private readonly threads: LoadingThreads
  /** Training and validation paths differ. */
  private readonly memory: ImageMemory

  constructor(private readonly options: ImageLoaderOptions) {
    this.threads = new LoadingThreads(options.threads)
    this.memory = new ImageMemory(options.memoryBytes)
  }

  /** True if the image's file will not be read again. */
  isHeld(image: ManifestImage): boolean {
    const { unreadable, cache } = this.options
    return cache?.find(image) !== undefined || this.memory.get(image.path) !== undefined || unreadable.has(image.path)
  }

  /** Stands before a pass over some images, and `end` behind it, however it ends. */
  async begin(images: readonly ManifestImage[], augmentation?: Augmentation): Promise<void> {
    if (usesResized(augmentation)) await this.options.cache?.begin(images)
  }

  async end(): Promise<void> {
    await this.options.cache?.end()
  }

  /**
   * @param images of the manifest's split that is meant
   * @param training absent = as they are evaluated
   * @throws UnreadableImagesError when too many cannot be used
   */
  async load(images: readonly ManifestImage[], wanted: readonly LoadableImage[], training?: TrainingPass): Promise<LoadedChunk> {
    const { directory, resolution, unreadable, cache } = this.options
    const split = training === undefined ? 'validation' : 'train'
    const usable = wanted.filter(({ index, encoded }) => {
      if (encoded instanceof Error) unreadable.add(split, images[index].path, encoded)
      return !unreadable.has(images[index].path)
    })
    if (usable.length === 0) return nothing
    const isResized = usesResized(training?.augmentation)
    const request = usable.map((image) => this.request(images[image.index], image, isResized))
    const { pixels, failed, resized, damaged } = await this.threads.load({
      directory,
      resolution,
      images: request,
      isKeeping: isResized,
      ...(training === undefined ? {} : { training }),
    })
    for (const file of damaged) await cache?.discard(file)
    for (const { place, image } of resized) await this.keep(images[usable[place].index], image)
    for (const { place, reason } of failed) unreadable.add(split, request[place].path, reason)
    const isFailed = new Set(failed.map(({ place }) => place))
    const places = [...usable.keys()].filter((place) => !isFailed.has(place))
    return { labels: places.map((place) => images[usable[place].index].label), places, pixels }
  }

  async close(): Promise<void> {
    await this.threads.close()
  }

  private async keep(image: ManifestImage, resized: ResizedImage): Promise<void> {
    const { cache } = this.options
    if (cache?.isFilling === true) await cache.add(image, resized)
    else this.memory.add(image.path, resized)
  }

  private request(image: ManifestImage, { index, encoded }: LoadableImage, isResized: boolean): WantedImage {
    const { path, range, bytes } = image
    const location = { index, path, bytes, ...(range === undefined ? {} : { range }) }
    const resized = isResized ? this.memory.get(path) : undefined
    if (resized !== undefined) return { ...location, resized }
    const stored = isResized ? this.options.cache?.find(image) : undefined
    if (stored !== undefined) return { ...location, stored }
    return encoded instanceof Buffer ? { ...location, encoded } : location
  }
}
