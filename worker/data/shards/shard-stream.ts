import { join } from 'node:path'
import type { ManifestImage } from '../manifest.js'
import { mapInOrder } from '../map-in-order.js'
import { readRange } from '../read-image.js'

/** An image of the manifest, and its bytes: an error where they cannot be read, null where nobody wants them. */
export interface StreamedImage {
  /** Position in the list that was streamed. */
  readonly index: number
  readonly encoded: Buffer | Error | null
}

export interface StreamOptions {
  readonly directory: string
  /** Images whose bytes are held elsewhere already are not read. */
  readonly isHeld: (image: ManifestImage) => boolean
}

/** Bytes read at a time: long enough that a disk, or a network's round trip, does not show. */
const windowBytes = 4 * 1024 * 1024
/** A gap of unwanted images is read over up to here, and jumped over where it is longer. */
const gapBytes = 256 * 1024
/** Windows that are read ahead. */
const windowsAhead = 2

interface WantedImage {
  readonly index: number
  readonly offset: number
  readonly bytes: number
}

/** A stretch of one shard, and the images in it. */
interface Window {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly images: readonly WantedImage[]
}

interface PlannedImage extends WantedImage {
  readonly file: string
  readonly held: boolean
}

/** Cuts a list of images, in the order in which they are wanted, into stretches that lie close together. */
function* windowsOf(images: Iterable<PlannedImage>): Generator<Window, void, undefined> {
  let open: { file: string; start: number; end: number; images: WantedImage[] } | null = null
  for (const { file, held, ...image } of images) {
    const end = held ? null : image.offset + image.bytes
    const joins: boolean = open !== null && open.file === file && (end === null || (image.offset >= open.end && image.offset - open.end <= gapBytes && end - open.start <= windowBytes))
    if (open !== null && !joins) yield open
    if (open === null || !joins) open = { file, start: image.offset, end: image.offset, images: [] }
    if (end !== null) {
      // Those before it in the window may all be held: then the stretch begins here.
      if (open.end === open.start) open.start = image.offset
      open.end = end
    }
    open.images.push(held ? { ...image, bytes: 0 } : image)
  }
  if (open !== null) yield open
}

async function readWindow(directory: string, { file, start, end, images }: Window): Promise<StreamedImage[]> {
  const read = end === start ? null : await readRange(join(directory, file), start, end - start).catch((error: unknown) => toError(error))
  // A copy, since an image that waits in the shuffle buffer would else keep its whole window in memory.
  const cut = ({ offset, bytes }: WantedImage): Buffer | Error | null => {
    if (bytes === 0) return null
    return read instanceof Buffer ? Buffer.from(read.subarray(offset - start, offset - start + bytes)) : read
  }
  return images.map((image) => ({ index: image.index, encoded: cut(image) }))
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/**
 * Images of shards, in the given order, read front to back in large pieces: `order` should run along the shards. Two windows
 * of 4 MiB are in memory at a time.
 * @param order positions in `images`
 */
export async function* streamShards(
  images: readonly ManifestImage[],
  order: readonly number[],
  { directory, isHeld }: StreamOptions,
): AsyncGenerator<StreamedImage, void, undefined> {
  const planned = function* (): Generator<PlannedImage, void, undefined> {
    for (const index of order) {
      const { range } = images[index]
      if (range === undefined) throw new Error(`${images[index].path} is in no shard`)
      yield { index, ...range, held: isHeld(images[index]) }
    }
  }
  for await (const window of mapInOrder(windowsOf(planned()), windowsAhead, (window) => readWindow(directory, window))) yield* window
}
