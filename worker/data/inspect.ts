import { messageOf } from '../../shared/errors.js'
import { readSize, requireComplete } from './decode.js'
import { type Layout, type SkippedImage, type Split, splits } from './image-collection.js'
import { resolveManifest } from './manifest.js'
import { mapInOrder } from './map-in-order.js'
import { type ReadImage, readAll } from './read-all.js'
import { readCollection } from './read-collection.js'

export interface ClassCount {
  readonly name: string
  readonly train: number
  readonly val: number
}

export interface ResolutionCount {
  readonly width: number
  readonly height: number
  readonly images: number
}

export interface Inspection {
  readonly directory: string
  readonly layout: Layout
  /** SHA-256 of the manifest: equal for folders that hold the same images. */
  readonly manifest: string
  readonly classes: readonly ClassCount[]
  readonly images: Readonly<Record<Split, number>>
  readonly bytes: Readonly<Record<Split, number>>
  /** Smallest, middle and largest by shorter side, pixels; null where no image can be read. */
  readonly shorterSide: { readonly least: number; readonly median: number; readonly most: number } | null
  /** The most frequent ones, at most ten. */
  readonly resolutions: readonly ResolutionCount[]
  readonly unreadable: readonly SkippedImage[]
}

export interface InspectOptions {
  readonly directory: string
  readonly log: (line: string) => void
  readonly onProgress: (images: number, total: number) => void
  readonly signal: AbortSignal
}

const atOnce = 8

/** Counts sizes of images. */
class Resolutions {
  private readonly counts = new Map<string, ResolutionCount>()

  add(width: number, height: number): void {
    const key = `${width}x${height}`
    this.counts.set(key, { width, height, images: (this.counts.get(key)?.images ?? 0) + 1 })
  }

  get mostFrequent(): ResolutionCount[] {
    return [...this.counts.values()].sort((a, b) => b.images - a.images || b.width * b.height - a.width * a.height).slice(0, 10)
  }

  get shorterSide(): Inspection['shorterSide'] {
    const sides = [...this.counts.values()].map(({ width, height, images }) => ({ side: Math.min(width, height), images })).sort((a, b) => a.side - b.side)
    const total = sides.reduce((sum, { images }) => sum + images, 0)
    if (total === 0) return null
    let passed = 0
    const median = sides.find(({ images }) => (passed += images) * 2 >= total)?.side ?? 0
    return { least: sides[0].side, median, most: sides[sides.length - 1].side }
  }
}

async function sizeOf({ image, encoded }: ReadImage): Promise<{ width: number; height: number } | SkippedImage> {
  try {
    if (encoded instanceof Error) throw encoded
    const size = await readSize(encoded)
    await requireComplete(encoded)
    return size
  } catch (error) {
    return { path: image.path, reason: messageOf(error) }
  }
}

/**
 * Looks at every image of a data folder: its header, and whether it is cut off (`verifyData` decodes them).
 * @throws InvalidInputError for a folder of no known layout, CancelledError
 */
export async function inspectData({ directory, log, onProgress, signal }: InspectOptions): Promise<Inspection> {
  const collection = await readCollection(directory, log)
  const manifest = await resolveManifest(collection, { seed: 0 })
  const total = manifest.train.length + manifest.validation.length
  const resolutions = new Resolutions()
  const unreadable: SkippedImage[] = [...manifest.skipped]
  let done = 0
  for (const split of splits) {
    for await (const found of mapInOrder(readAll(manifest, split, signal), atOnce, sizeOf, signal)) {
      if ('reason' in found) unreadable.push(found)
      else resolutions.add(found.width, found.height)
      onProgress(++done, total)
    }
  }
  const bytesOf = (images: readonly { bytes: number }[]): number => images.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    directory,
    layout: collection.layout,
    manifest: manifest.hash,
    classes: collection.classes.map(({ name, train, val }) => ({ name, train: train.length, val: val.length })),
    images: { train: manifest.train.length, val: manifest.validation.length },
    bytes: { train: bytesOf(manifest.train), val: bytesOf(manifest.validation) },
    shorterSide: resolutions.shorterSide,
    resolutions: resolutions.mostFrequent,
    unreadable,
  }
}
