import type { ResizedImage } from './resized-image.js'

/**
 * Resized images by path, up to a number of bytes. What came first stays: every image is asked for once an epoch in a new
 * order, and then evicting the least recently used would evict what comes next.
 */
export class ImageMemory {
  private readonly images = new Map<string, ResizedImage>()
  private freeBytes: number

  constructor(bytes: number) {
    this.freeBytes = bytes
  }

  get(path: string): ResizedImage | undefined {
    return this.images.get(path)
  }

  add(path: string, image: ResizedImage): void {
    if (this.images.has(path) || image.pixels.byteLength > this.freeBytes) return
    this.images.set(path, image)
    this.freeBytes -= image.pixels.byteLength
  }
}
