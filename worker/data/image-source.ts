import type { Rng } from '../../shared/rng.js'
import type { Augmentation } from '../../shared/training/specification.js'
import { ByteCache } from './byte-cache.js'
import { type ImageSize, randomResizedCrop } from './crop-box.js'
import { decodeCentre, decodeCrop, readSize, requireComplete } from './decode.js'
import type { ManifestImage } from './manifest.js'
import { applyPadCrop, randomPadCrop } from './pad-crop.js'
import { readImage } from './read-image.js'
import type { UnreadableImages } from './unreadable-images.js'

/** Gives an image's encoded bytes. */
export type ReadImage = () => Promise<Buffer>

/** Pixels (resolution x resolution x 3 bytes) of single images; null for one that cannot be read. */
export class ImageSource {
  /** By path: decoded pixels, or the encoded file where every crop is decoded anew. Training and validation paths differ. */
  private readonly cache: ByteCache
  /** By path: sizes of whole images, so that the next crop costs one turn of the event loop and not two. */
  private readonly sizes = new Map<string, ImageSize>()

  constructor(
    private readonly directory: string,
    private readonly resolution: number,
    private readonly unreadable: UnreadableImages,
    cacheBytes: number,
  ) {
    this.cache = new ByteCache(cacheBytes)
  }

  /** True if the image will not be read again: its bytes, or its pixels, are kept. */
  isHeld(image: ManifestImage): boolean {
    return this.cache.has(image.path) || this.unreadable.has(image.path)
  }

  /** As it is evaluated. The caller must not write into the result. @param read where its bytes come from, if they are not held */
  evaluationImage(image: ManifestImage, read: ReadImage = this.reader(image)): Promise<Uint8Array | null> {
    return this.skippingUnreadable('validation', image, () => this.centre(image, read))
  }

  /** As it is trained on, with the random choices of `rng`. */
  trainingImage(image: ManifestImage, augmentation: Augmentation, rng: Rng, read: ReadImage = this.reader(image)): Promise<Uint8Array | null> {
    return this.skippingUnreadable('train', image, () => {
      switch (augmentation) {
        case 'resized-crop':
          return this.resizedCrop(image, rng, read)
        case 'pad-crop':
          return this.padCrop(image, rng, read)
        case 'none':
          return this.centre(image, read)
      }
    })
  }

  private async skippingUnreadable(
    split: 'train' | 'validation',
    image: ManifestImage,
    decode: () => Promise<Uint8Array>,
  ): Promise<Uint8Array | null> {
    if (this.unreadable.has(image.path)) return null
    try {
      return await decode()
    } catch (error) {
      this.unreadable.add(split, image.path, error)
      return null
    }
  }

  private reader(image: ManifestImage): ReadImage {
    return () => readImage(this.directory, image, image.bytes)
  }

  private centre(image: ManifestImage, read: ReadImage): Promise<Uint8Array> {
    return this.cache.get(image.path, async () => decodeCentre(await read(), this.resolution))
  }

  private async padCrop(image: ManifestImage, rng: Rng, read: ReadImage): Promise<Uint8Array> {
    const crop = randomPadCrop(this.resolution, rng)
    const source = await this.centre(image, read)
    const pixels = new Uint8Array(source.length)
    applyPadCrop(source, pixels, this.resolution, crop)
    return pixels
  }

  /** Every crop is decoded anew, from bytes that are kept. */
  private async resizedCrop(image: ManifestImage, rng: Rng, read: ReadImage): Promise<Uint8Array> {
    const encoded = await this.cache.get(image.path, read)
    const size = await this.sizeOf(image, encoded)
    return decodeCrop(encoded, size, randomResizedCrop(size, rng), this.resolution, rng.chance(0.5))
  }

  /** Looked at once: an image that was whole stays so as long as its size in the manifest does. */
  private async sizeOf(image: ManifestImage, encoded: Buffer): Promise<ImageSize> {
    const known = this.sizes.get(image.path)
    if (known !== undefined) return known
    const [size] = await Promise.all([readSize(encoded), requireComplete(encoded)])
    this.sizes.set(image.path, size)
    return size
  }
}
