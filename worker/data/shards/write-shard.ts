import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Pack, pack } from 'tar-stream'
import { messageOf } from '../../../shared/errors.js'
import { writeDurably } from '../../durable-file.js'
import { mapInOrder } from '../map-in-order.js'
import type { ManifestImage } from '../manifest.js'
import { readImage } from '../read-image.js'
import { archivedBytes, type PlannedShard } from './pack-plan.js'
import { type ShardEntry, encodeContent } from './shard-index.js'
import type { ShardSample } from './shard-scan.js'

export interface WriteShardOptions {
  /** Folder of the images. */
  readonly source: string
  /** Folder of the shards. */
  readonly output: string
  readonly onImage: (bytes: number) => void
  /** Told of an image that cannot be read and stays out. */
  readonly onUnreadable: (path: string, reason: string) => void
  readonly signal: AbortSignal
}

const headerBytes = 512
const readAhead = 16
/** Same bytes whoever packs, and whenever. */
const anonymous = { mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' } as const

function ending(path: string): string {
  return path.toLowerCase().endsWith('.png') ? 'png' : 'jpg'
}

function add(archive: Pack, name: string, content: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ name, size: content.length, ...anonymous }, content, (error) => (error ? reject(error) : resolve()))
  })
}

async function addAll(archive: Pack, { images, firstKey }: PlannedShard, options: WriteShardOptions): Promise<ShardSample[]> {
  const { source, signal, onImage, onUnreadable } = options
  const samples: ShardSample[] = []
  const read = async (image: ManifestImage): Promise<readonly [ManifestImage, Buffer | Error]> => [
    image,
    await readImage(source, image, image.bytes).catch((error: unknown) => new Error(messageOf(error))),
  ]
  let position = 0
  let key = firstKey
  for await (const [image, encoded] of mapInOrder(images, readAhead, read, signal)) {
    if (encoded instanceof Error) {
      onUnreadable(image.path, encoded.message)
      continue
    }
    const stem = String(key++).padStart(9, '0')
    const name = `${stem}.${ending(image.path)}`
    const label = String(image.label)
    await add(archive, name, encoded)
    await add(archive, `${stem}.cls`, Buffer.from(label))
    samples.push({ name, label, offset: position + headerBytes, bytes: encoded.length })
    position += archivedBytes(encoded.length)
    onImage(encoded.length)
  }
  return samples
}

/** Writes what the archive gives, and hashes it on the way. */
async function drain(archive: Pack, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  const file = createWriteStream(path, { flush: true })
  const written = new Promise<void>((resolve, reject) => file.on('close', () => resolve()).on('error', reject))
  try {
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.length
      if (!file.write(chunk)) await Promise.race([written, new Promise<void>((resolve) => file.once('drain', () => resolve()))])
    }
  } finally {
    file.end()
    await written
  }
  return { bytes, sha256: hash.digest('hex') }
}

/**
 * Writes one shard and, beside it, what it holds: first under other names, so that what has its name is whole.
 * @throws CancelledError; whatever the disk says
 */
export async function writeShard(shard: PlannedShard, options: WriteShardOptions): Promise<ShardEntry> {
  const { output } = options
  const [file, contentFile] = [`${shard.name}.tar`, `${shard.name}.json`]
  const partial = join(output, `${file}.part`)
  const archive = pack()
  const drained = drain(archive, partial)
  // An error of the disk is met below; until then it must not count as unhandled.
  void drained.catch(() => undefined)
  try {
    const samples = await Promise.race([addAll(archive, shard, options), drained.then(() => Promise.reject(new Error('the archive ended too early')))])
    archive.finalize()
    const { bytes, sha256 } = await drained
    const content = encodeContent({ samples, skipped: [] })
    writeDurably(join(output, contentFile), content)
    await rename(partial, join(output, file))
    const contentSha256 = createHash('sha256').update(content).digest('hex')
    return { file, split: shard.split, images: samples.length, bytes, sha256, contentFile, contentSha256 }
  } catch (error) {
    archive.destroy()
    await drained.catch(() => undefined)
    await rm(partial, { force: true })
    throw error
  }
}
