import type { ManifestImage } from './manifest.js'
import { ImageMemory } from './image-memory.js'
import { LoadingThreads } from './loading/loading-threads.js'
import type { TrainingPass, WantedImage } from './loading/messages.js'
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
  isHeld({ path }: ManifestImage): boolean {
    return this.memory.get(path) !== undefined || this.options.unreadable.has(path)
  }

  /**
   * @param images of the manifest's split that is meant
   * @param training absent = as they are evaluated
   * @throws UnreadableImagesError when too many cannot be used
   */
  async load(images: readonly ManifestImage[], wanted: readonly LoadableImage[], training?: TrainingPass): Promise<LoadedChunk> {
    const { directory, resolution, unreadable } = this.options
    const split = training === undefined ? 'validation' : 'train'
    const usable = wanted.filter(({ index, encoded }) => {
      if (encoded instanceof Error) unreadable.add(split, images[index].path, encoded)
      return !unreadable.has(images[index].path)
    })
    if (usable.length === 0) return nothing
    const isResized = training?.augmentation !== 'original-resized-crop'
    const request = usable.map((image) => this.request(images[image.index], image, isResized))
    const { pixels, failed, resized } = await this.threads.load({
      directory,
      resolution,
      images: request,
      isKeeping: isResized,
      ...(training === undefined ? {} : { training }),
    })
    for (const { place, image } of resized) this.memory.add(request[place].path, image)
    for (const { place, reason } of failed) unreadable.add(split, request[place].path, reason)
    const isFailed = new Set(failed.map(({ place }) => place))
    const places = [...usable.keys()].filter((place) => !isFailed.has(place))
    return { labels: places.map((place) => images[usable[place].index].label), places, pixels }
  }

  async close(): Promise<void> {
    await this.threads.close()
  }

  private request({ path, range, bytes }: ManifestImage, { index, encoded }: LoadableImage, isResized: boolean): WantedImage {
    const location = { index, path, bytes, ...(range === undefined ? {} : { range }) }
    const resized = isResized ? this.memory.get(path) : undefined
    if (resized !== undefined) return { ...location, resized }
    return encoded instanceof Buffer ? { ...location, encoded } : location
  }
}
