import type { ImageSize } from './crop-box.js'

/**
 * An image as evaluation needs it: as it is where it has the resolution already, else resized such that its shorter side is
 * 256/224 of the resolution. Whatever is then done to it needs no decoder.
 */
export interface ResizedImage extends ImageSize {
  /** height x width x 3 bytes, RGB. */
  readonly pixels: Uint8Array
}

/**
 * Copies the middle of an image.
 * @param target resolution x resolution x 3 bytes, written
 */
export function copyCentre({ width, height, pixels }: ResizedImage, resolution: number, target: Uint8Array): void {
  const [left, top] = [Math.floor((width - resolution) / 2), Math.floor((height - resolution) / 2)]
  for (let y = 0; y < resolution; y++) {
    const from = ((top + y) * width + left) * 3
    target.set(pixels.subarray(from, from + resolution * 3), y * resolution * 3)
  }
}
