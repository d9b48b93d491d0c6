import type { Manifest, ManifestImage } from './manifest.js'
import { mapInOrder } from './map-in-order.js'
import { readImage } from './read-image.js'
import { alongShards } from './shards/shard-order.js'
import { streamShards } from './shards/shard-stream.js'

export interface ReadImage {
  readonly image: ManifestImage
  /** Its bytes, or why they cannot be read. */
  readonly encoded: Buffer | Error
}

const readAhead = 16

async function readFileOf(directory: string, image: ManifestImage): Promise<ReadImage> {
  const encoded = await readImage(directory, image, image.bytes).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
  return { image, encoded }
}

/** Every image of one split, in whatever order is fastest to read; a few are in memory at a time. */
export async function* readAll(
  { directory, train, validation }: Pick<Manifest, 'directory' | 'train' | 'validation'>,
  split: 'train' | 'val',
  signal?: AbortSignal,
): AsyncGenerator<ReadImage, void, undefined> {
  const images = split === 'train' ? train : validation
  if (images.every(({ range }) => range === undefined)) {
    yield* mapInOrder(images, readAhead, (image) => readFileOf(directory, image), signal)
    return
  }
  for await (const { index, encoded } of streamShards(images, alongShards(images, (shards) => shards), { directory, isHeld: () => false })) {
    yield { image: images[index], encoded: encoded ?? new Error('the image is empty') }
  }
}
