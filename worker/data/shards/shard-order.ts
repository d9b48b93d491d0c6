import type { Rng } from '../../../shared/rng.js'
import type { ManifestImage } from '../manifest.js'
import type { StreamedImage } from './shard-stream.js'

/** Positions of a manifest's images along the shards, the shards in the order that `arrange` gives them. */
export function alongShards(images: readonly ManifestImage[], arrange: (shards: string[]) => string[]): number[] {
  const byShard = new Map<string, number[]>()
  for (const [index, { range }] of images.entries()) {
    const file = range?.file ?? ''
    const positions = byShard.get(file) ?? []
    positions.push(index)
    byShard.set(file, positions)
  }
  const offset = (index: number): number => images[index].range?.offset ?? 0
  for (const positions of byShard.values()) positions.sort((a, b) => offset(a) - offset(b))
  return arrange([...byShard.keys()].sort()).flatMap((file) => byShard.get(file) ?? [])
}

/**
 * Mixes a stream within a buffer: fills it, then gives out one at random for each that comes (WebDataset's shuffle). The order
 * depends on the images' sizes and the generator alone, never on the speed of a disk.
 * @param bytesOf size that an image counts with; at most `bufferBytes` wait at a time, but always one
 */
export async function* shuffled(
  stream: AsyncIterable<StreamedImage>,
  bufferBytes: number,
  bytesOf: (index: number) => number,
  rng: Rng,
): AsyncGenerator<StreamedImage, void, undefined> {
  const buffer: StreamedImage[] = []
  let held = 0
  const draw = (): StreamedImage => {
    const at = rng.integer(buffer.length)
    const chosen = buffer[at]
    const last = buffer.pop() as StreamedImage
    if (at < buffer.length) buffer[at] = last
    held -= bytesOf(chosen.index)
    return chosen
  }
  for await (const image of stream) {
    while (buffer.length > 0 && held + bytesOf(image.index) > bufferBytes) yield draw()
    buffer.push(image)
    held += bytesOf(image.index)
  }
  while (buffer.length > 0) yield draw()
}
