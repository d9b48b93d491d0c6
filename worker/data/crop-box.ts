import type { Rng } from '../../shared/rng.js'

/** Pixels of an image after its EXIF orientation. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

export interface CropBox extends ImageSize {
  readonly left: number
  readonly top: number
}

const scaleRange = [0.08, 1] as const
const ratioRange = [3 / 4, 4 / 3] as const
const attempts = 10

function centred(image: ImageSize, width: number, height: number): CropBox {
  return { left: Math.floor((image.width - width) / 2), top: Math.floor((image.height - height) / 2), width, height }
}

/** The whole image, cut to the nearest allowed aspect ratio. */
function fallbackCrop(image: ImageSize): CropBox {
  const ratio = image.width / image.height
  if (ratio < ratioRange[0]) return centred(image, image.width, Math.max(1, Math.round(image.width / ratioRange[0])))
  if (ratio > ratioRange[1]) return centred(image, Math.max(1, Math.round(image.height * ratioRange[1])), image.height)
  return centred(image, image.width, image.height)
}

/** Box of a random resized crop: area 0.08..1 of the image, aspect ratio 3/4..4/3, log-uniform (torchvision's RandomResizedCrop). */
export function randomResizedCrop(image: ImageSize, rng: Rng): CropBox {
  const logRatio = ratioRange.map(Math.log)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = image.width * image.height * (scaleRange[0] + (scaleRange[1] - scaleRange[0]) * rng.float())
    const ratio = Math.exp(logRatio[0] + (logRatio[1] - logRatio[0]) * rng.float())
    const width = Math.round(Math.sqrt(area * ratio))
    const height = Math.round(Math.sqrt(area / ratio))
    if (width < 1 || height < 1 || width > image.width || height > image.height) continue
    return { left: rng.integer(image.width - width + 1), top: rng.integer(image.height - height + 1), width, height }
  }
  return fallbackCrop(image)
}

/** Where an image is longer, its middle is kept: a ribbon would fill memory once its shorter side is enlarged. */
const longestRatio = 4

/** What of an image is kept, and the size that it is given: the resolution's where it has that already, else a shorter side of 256/224 of it. */
export function resizedGeometry(image: ImageSize, resolution: number): { readonly kept: CropBox; readonly resized: ImageSize } {
  const [width, height] = [Math.min(image.width, longestRatio * image.height), Math.min(image.height, longestRatio * image.width)]
  const kept = centred(image, width, height)
  if (image.width === resolution && image.height === resolution) return { kept, resized: image }
  const shorter = Math.round((resolution * 256) / 224)
  const scale = shorter / Math.min(width, height)
  return { kept, resized: { width: Math.max(shorter, Math.round(width * scale)), height: Math.max(shorter, Math.round(height * scale)) } }
}
