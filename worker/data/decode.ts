import sharp, { type Sharp } from 'sharp'
import { type CropBox, type ImageSize, resizedGeometry } from './crop-box.js'
import type { ResizedImage } from './resized-image.js'

/** Above this an image is a decompression bomb: ImageNet's largest photograph has 61 million pixels. */
export const pixelLimit = 100_000_000

// Images are decoded side by side in the thread pool, each by one thread; every file is read about once an epoch, so libvips need remember none.
sharp.concurrency(1)
sharp.cache(false)

const formats = ['jpeg', 'png', 'webp', 'gif', 'tiff'] as const
const endOfJpeg = Buffer.from([0xff, 0xd9])
/** Cameras append a little after the end marker. */
const tailBytes = 4096

function pipeline(encoded: Buffer): Sharp {
  // 'warning', sharp's default, refuses usable photographs of ImageNet.
  return sharp(encoded, { failOn: 'truncated', limitInputPixels: pixelLimit }).autoOrient()
}

/** 8-bit RGB whatever the file held: grey, CMYK, 16 bits, a palette; alpha is dropped, as PIL's convert('RGB') does. */
async function rgbBytes(image: Sharp, size: ImageSize): Promise<Buffer> {
  const { data, info } = await image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  if (info.width !== size.width || info.height !== size.height || info.channels !== 3) {
    throw new Error(`decoded to ${info.width}x${info.height}x${info.channels} instead of ${size.width}x${size.height}x3`)
  }
  return data
}

/** Size after EXIF orientation, from the header alone. Throws where there is no image. */
export async function readSize(encoded: Buffer): Promise<ImageSize> {
  const { autoOrient, format } = await pipeline(encoded).metadata()
  if (!formats.some((known) => known === format)) throw new Error(`holds ${String(format)}, not a photograph`)
  return { width: autoOrient.width, height: autoOrient.height }
}

/** From this reduction on a JPEG is decoded at half, a quarter or an eighth of its size: below it there is nothing to gain. */
const shrinkFrom = 2

/**
 * A box of the image, scaled to resolution x resolution x 3 bytes. Rows below the box are not decoded: see `requireComplete`.
 * @param size of the whole image
 */
export function decodeCrop(encoded: Buffer, size: ImageSize, box: CropBox, resolution: number, flip: boolean): Promise<Buffer> {
  const shrinks = Math.min(box.width, box.height) >= shrinkFrom * resolution
  const cropped = shrinks ? cutFromShrunk(encoded, size, box, resolution, flip) : cutThenResized(encoded, box, resolution, flip)
  return rgbBytes(cropped, { width: resolution, height: resolution })
}

function cutThenResized(encoded: Buffer, box: CropBox, resolution: number, flip: boolean): Sharp {
  return pipeline(encoded).extract(box).resize(resolution, resolution, { fit: 'fill', kernel: 'linear' }).flop(flip)
}

/**
 * Scales the whole image such that the box has the resolution, and cuts it out there: libvips then decodes a JPEG at a fraction
 * of its size, and computes no more than the box. The box moves by up to half a pixel of the result.
 */
function cutFromShrunk(encoded: Buffer, size: ImageSize, box: CropBox, resolution: number, flip: boolean): Sharp {
  const scaled = (whole: number, part: number, start: number): { side: number; from: number } => {
    const side = Math.max(resolution, Math.round((whole * resolution) / part))
    return { side, from: Math.min(side - resolution, Math.round((start * resolution) / part)) }
  }
  const [across, down] = [scaled(size.width, box.width, box.left), scaled(size.height, box.height, box.top)]
  // sharp mirrors before it cuts, wherever the call stands, so the box is that of the mirrored image.
  const left = flip ? across.side - resolution - across.from : across.from
  return pipeline(encoded)
    .resize(across.side, down.side, { fit: 'fill', kernel: 'linear' })
    .flop(flip)
    .extract({ left, top: down.from, width: resolution, height: resolution })
}

/** The whole image, resized: see `ResizedImage`. JPEGs are decoded at a fraction of their size where that suffices. */
export async function decodeResized(encoded: Buffer, resolution: number): Promise<ResizedImage> {
  const size = await readSize(encoded)
  const { kept, resized } = resizedGeometry(size, resolution)
  const isWhole = kept.width === size.width && kept.height === size.height
  if (!isWhole) await requireComplete(encoded)
  const image = isWhole ? pipeline(encoded) : pipeline(encoded).extract(kept)
  const isAsItIs = resized.width === kept.width && resized.height === kept.height
  const scaled = isAsItIs ? image : image.resize({ ...resized, fit: 'fill', kernel: 'linear' })
  return { ...resized, pixels: await rgbBytes(scaled, resized) }
}

/**
 * Throws where the file is cut off, wherever that is. Whether a file is usable must not depend on the crop of the day, so a
 * crop that decodes does not tell; the end marker of a JPEG does, as it cannot occur inside the coded data.
 */
export async function requireComplete(encoded: Buffer): Promise<void> {
  const isJpeg = encoded[0] === 0xff && encoded[1] === 0xd8
  if (isJpeg && encoded.subarray(-tailBytes).includes(endOfJpeg)) return
  await pipeline(encoded).raw().toBuffer()
}

/** Decodes the whole image and throws where it is none, or is damaged. */
export async function requireDecodable(encoded: Buffer): Promise<void> {
  await readSize(encoded)
  await pipeline(encoded).raw().toBuffer()
}
