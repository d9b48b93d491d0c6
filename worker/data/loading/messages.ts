import type { Augmentation } from '../../../shared/training/specification.js'
import type { StoredImage } from '../image-cache/image-segment.js'
import type { ImageLocation } from '../image-collection.js'
import type { ResizedImage } from '../resized-image.js'

/** The random choices of an image depend on these and its number alone. */
export interface TrainingPass {
  readonly augmentation: Augmentation
  readonly seed: number
  readonly epoch: number
}

/** An image, and what is known of it already: then it is neither read nor decoded. */
export interface WantedImage extends ImageLocation {
  /** Its number in the manifest. */
  readonly index: number
  /** Size of the encoded image. */
  readonly bytes: number
  readonly encoded?: Uint8Array
  /** In memory that threads share. */
  readonly resized?: ResizedImage
  /** On the disk; where it turns out to be damaged, the image is decoded after all. */
  readonly stored?: StoredImage
}

/** What a thread is asked for. */
export interface LoadRequest {
  readonly directory: string
  readonly resolution: number
  readonly images: readonly WantedImage[]
  /** Absent = as they are evaluated. */
  readonly training?: TrainingPass
  /** Whether resized images that were made for this are wanted as well, to be kept. */
  readonly isKeeping: boolean
}

/** What a thread answers. */
export interface LoadedImages {
  /** images x resolution x resolution x 3 bytes, in the order of the request; undefined bytes where an image failed. */
  readonly pixels: Uint8Array
  /** Places in the request of images that cannot be used, and why. */
  readonly failed: readonly { readonly place: number; readonly reason: string }[]
  /** Resized images, in shared memory, of those that had to be decoded; by place in the request. */
  readonly resized: readonly { readonly place: number; readonly image: ResizedImage }[]
  /** Files of stored images that are gone or damaged. */
  readonly damaged: ReadonlySet<string>
}
