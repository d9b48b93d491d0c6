import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rng } from '../../shared/rng.js'
import type { Augmentation } from '../../shared/training/specification.js'
import { ByteCache } from './byte-cache.js'
import { randomResizedCrop } from './crop-box.js'
import { decodeCentre, decodeCrop, readSize, requireComplete } from './decode.js'
import type { ManifestImage } from './manifest.js'
import { applyPadCrop, randomPadCrop } from './pad-crop.js'
import type { UnreadableImages } from './unreadable-images.js'

/** The whole file in one read: its size is known, and a loader of small images lives off few system calls. */
async function readWhole(path: string, bytes: number): Promise<Buffer> {
  if (bytes === 0) throw new Error('the file is empty or gone')
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(bytes), 0, bytes, 0)
    if (bytesRead < bytes) throw new Error(`only ${bytesRead} of ${bytes} bytes could be read`)
    return buffer
  } finally {
    await file.close()
  }
}

/** Pixels (resolution x resolution x 3 bytes) of single images; null for one that cannot be read. */
export class ImageSource {
  /** By path: decoded pixels, or the encoded file where every crop is decoded anew. Training and validation paths differ. */
  private readonly cache: ByteCache

  constructor(
    private readonly directory: string,
    private readonly resolution: number,
    private readonly unreadable: UnreadableImages,
    cacheBytes: number,
  ) {
    this.cache = new ByteCache(cacheBytes)
  }

  /** As it is evaluated. The caller must not write into the result. */
  evaluationImage(image: ManifestImage): Promise<Uint8Array | null> {
    return this.skippingUnreadable('validation', image, () => this.centre(image))
  }

  /** As it is trained on, with the random choices of `rng`. */
  trainingImage(image: ManifestImage, augmentation: Augmentation, rng: Rng): Promise<Uint8Array | null> {
    return this.skippingUnreadable('train', image, () => {
      switch (augmentation) {
        case 'resized-crop':
          return this.resizedCrop(image, rng)
        case 'pad-crop':
          return this.padCrop(image, rng)
        case 'none':
          return this.centre(image)
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

  private read(image: ManifestImage): Promise<Buffer> {
    return readWhole(join(this.directory, image.path), image.bytes)
  }

  private centre(image: ManifestImage): Promise<Uint8Array> {
    return this.cache.get(image.path, async () => decodeCentre(await this.read(image), this.resolution))
  }

  private async padCrop(image: ManifestImage, rng: Rng): Promise<Uint8Array> {
    const crop = randomPadCrop(this.resolution, rng)
    const source = await this.centre(image)
    const pixels = new Uint8Array(source.length)
    applyPadCrop(source, pixels, this.resolution, crop)
    return pixels
  }

  /** Every crop is decoded anew, from bytes that are kept. */
  private async resizedCrop(image: ManifestImage, rng: Rng): Promise<Uint8Array> {
    const encoded = await this.cache.get(image.path, () => this.read(image))
    const box = randomResizedCrop(await readSize(encoded), rng)
    const decoded = decodeCrop(encoded, box, this.resolution, rng.chance(0.5))
    const [pixels] = await Promise.all([decoded, requireComplete(encoded)])
    return pixels
  }
}
