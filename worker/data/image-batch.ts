import type { LoadedChunk } from './image-loader.js'

/** Images of one step. */
export interface ImageBatch {
  /** size x resolution x resolution x 3 bytes, NHWC, RGB. */
  readonly images: Uint8Array
  readonly labels: Int32Array
  readonly size: number
}

/** Fills batches from chunks of any length. */
export class BatchAssembly {
  /** Made when the first image comes, since many a batch arrives as one chunk. */
  private images: Uint8Array | null = null
  private readonly labels: number[] = []

  constructor(
    private readonly batch: number,
    private readonly imageBytes: number,
  ) {}

  /** The batches that these images complete. A chunk that is a batch is handed on without a copy. */
  *add({ labels, places, pixels }: LoadedChunk): Generator<ImageBatch, void, undefined> {
    const { batch, imageBytes } = this
    if (this.labels.length === 0 && places.length === batch && pixels.length === batch * imageBytes) {
      yield { images: pixels, labels: Int32Array.from(labels), size: batch }
      return
    }
    for (const [at, place] of places.entries()) {
      this.images ??= new Uint8Array(batch * imageBytes)
      this.images.set(pixels.subarray(place * imageBytes, (place + 1) * imageBytes), this.labels.length * imageBytes)
      this.labels.push(labels[at])
      if (this.labels.length === batch) yield* this.rest()
    }
  }

  /** What is there, as a partial batch, if there is anything. */
  *rest(): Generator<ImageBatch, void, undefined> {
    if (this.images === null) return
    const size = this.labels.length
    const batch = { images: this.images.subarray(0, size * this.imageBytes), labels: Int32Array.from(this.labels), size }
    this.images = null
    this.labels.length = 0
    yield batch
  }
}
