import type { Rng } from '../../../shared/rng.js'
import { messageOf } from '../../../shared/errors.js'
import { randomResizedCrop } from '../crop-box.js'
import { decodeCrop, decodeResized, readSize, requireComplete } from '../decode.js'
import { derivedGenerator } from '../derived-generator.js'
import { readStoredImage } from '../image-cache/stored-images.js'
import { mapInOrder } from '../map-in-order.js'
import { applyPadCrop, randomPadCrop } from '../pad-crop.js'
import { readImage } from '../read-image.js'
import { resampleBox } from '../resample.js'
import { type ResizedImage, copyCentre } from '../resized-image.js'
import type { LoadRequest, LoadedImages, TrainingPass, WantedImage } from './messages.js'

/** Enough that the thread pool always has some to decode; more would only hold more memory. */
const atWork = 16

/** Reads, decodes and augments images. One that cannot be used is an entry in the answer, not an error. */
export async function loadImages(request: LoadRequest): Promise<LoadedImages> {
  const { images, resolution } = request
  const imageBytes = resolution * resolution * 3
  const pixels = new Uint8Array(images.length * imageBytes)
  const failed: { place: number; reason: string }[] = []
  const resized: { place: number; image: ResizedImage }[] = []
  const damaged = new Set<string>()
  const load = async (place: number): Promise<ResizedImage | Error | null> => {
    const target = pixels.subarray(place * imageBytes, (place + 1) * imageBytes)
    return writeImage(images[place], request, target, damaged).catch((error: unknown) => new Error(messageOf(error)))
  }
  let place = 0
  for await (const made of mapInOrder(images.keys(), atWork, load)) {
    if (made instanceof Error) failed.push({ place, reason: made.message })
    else if (made !== null && request.isKeeping) resized.push({ place, image: shared(made) })
    place += 1
  }
  return { pixels, failed, resized, damaged }
}

/** Threads share the copy, and none has to make another. */
function shared({ width, height, pixels }: ResizedImage): ResizedImage {
  const copy = new Uint8Array(new SharedArrayBuffer(pixels.byteLength))
  copy.set(pixels)
  return { width, height, pixels: copy }
}

/** @returns the resized image, where it had to be made */
async function writeImage(image: WantedImage, request: LoadRequest, target: Uint8Array, damaged: Set<string>): Promise<ResizedImage | null> {
  const { training, resolution } = request
  if (training?.augmentation === 'original-resized-crop') {
    await writeOriginalCrop(await encodedOf(image, request), resolution, generatorOf(image, training), target)
    return null
  }
  const kept = image.resized ?? storedOf(image, damaged)
  const resized = kept ?? (await decodeResized(await encodedOf(image, request), resolution))
  if (training === undefined) copyCentre(resized, resolution, target)
  else augment(resized, resolution, training.augmentation, generatorOf(image, training), target)
  return kept === null ? resized : null
}

function storedOf({ stored }: WantedImage, damaged: Set<string>): ResizedImage | null {
  if (stored === undefined) return null
  const image = readStoredImage(stored)
  if (image === null) damaged.add(stored.file)
  return image
}

function encodedOf({ encoded, ...image }: WantedImage, { directory }: LoadRequest): Promise<Buffer> {
  if (encoded === undefined) return readImage(directory, image, image.bytes)
  return Promise.resolve(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength))
}

function generatorOf({ index }: WantedImage, { seed, epoch }: TrainingPass): Rng {
  return derivedGenerator(seed, 'augmentation', epoch, index)
}

function augment(image: ResizedImage, resolution: number, augmentation: Exclude<TrainingPass['augmentation'], 'original-resized-crop'>, rng: Rng, target: Uint8Array): void {
  switch (augmentation) {
    case 'resized-crop':
      return resampleBox(image, randomResizedCrop(image, rng), resolution, rng.chance(0.5), target)
    case 'pad-crop': {
      const crop = randomPadCrop(resolution, rng)
      return applyPadCrop(centreOf(image, resolution), target, resolution, crop)
    }
    case 'none':
      return copyCentre(image, resolution, target)
  }
}

function centreOf(image: ResizedImage, resolution: number): Uint8Array {
  if (image.width === resolution && image.height === resolution) return image.pixels
  const centre = new Uint8Array(resolution * resolution * 3)
  copyCentre(image, resolution, centre)
  return centre
}

async function writeOriginalCrop(encoded: Buffer, resolution: number, rng: Rng, target: Uint8Array): Promise<void> {
  const [size] = await Promise.all([readSize(encoded), requireComplete(encoded)])
  target.set(await decodeCrop(encoded, size, randomResizedCrop(size, rng), resolution, rng.chance(0.5)))
}
