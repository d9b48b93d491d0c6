import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../../shared/errors.js'
import { requireDecodable } from './decode.js'
import { type Layout, type SkippedImage, splits } from './image-collection.js'
import { type Manifest, resolveManifest } from './manifest.js'
import { mapInOrder } from './map-in-order.js'
import { type ReadImage, readAll } from './read-all.js'
import { hasClassFolders, readCollection } from './read-collection.js'
import { listShards } from './shards/shard-folder.js'
import { type ShardEntry, encodeContent, readPackedContent, readShardIndex } from './shards/shard-index.js'
import { type ShardContent, scanShard } from './shards/shard-scan.js'

export interface ShardVerdict {
  readonly file: string
  readonly ok: boolean
  /** Whether its bytes are those that were packed; null where no index says. */
  readonly hash: 'equal' | 'different' | null
  readonly problem?: string
}

export interface Verification {
  readonly directory: string
  readonly layout: Layout
  readonly ok: boolean
  /** Images that were decoded, whole. */
  readonly images: number
  readonly unreadable: readonly SkippedImage[]
  readonly shards: readonly ShardVerdict[]
}

export interface VerifyOptions {
  readonly directory: string
  readonly log: (line: string) => void
  readonly onProgress: (images: number, total: number) => void
  readonly signal: AbortSignal
}

type ImagesToDecode = Pick<Manifest, 'directory' | 'train' | 'validation'>

const atOnce = 4

async function troubleOf({ image, encoded }: ReadImage): Promise<SkippedImage | null> {
  try {
    if (encoded instanceof Error) throw encoded
    await requireDecodable(encoded)
    return null
  } catch (error) {
    return { path: image.path, reason: messageOf(error) }
  }
}

async function decodeAll(images: ImagesToDecode, { onProgress, signal }: VerifyOptions): Promise<{ images: number; unreadable: SkippedImage[] }> {
  const total = images.train.length + images.validation.length
  const unreadable: SkippedImage[] = []
  let done = 0
  for (const split of splits) {
    for await (const trouble of mapInOrder(readAll(images, split, signal), atOnce, troubleOf, signal)) {
      if (trouble !== null) unreadable.push(trouble)
      onProgress(++done, total)
    }
  }
  return { images: done - unreadable.length, unreadable }
}

interface ScannedShard {
  readonly verdict: ShardVerdict
  readonly content: ShardContent
}

/** Reads a shard whole: its hash, its structure, and whether what was written down of it is true. */
async function scan(directory: string, file: string, entry: ShardEntry | null, signal: AbortSignal): Promise<ScannedShard> {
  const nothing = { samples: [], skipped: [] }
  const hash = createHash('sha256')
  try {
    const content = await scanShard(join(directory, file), (chunk) => hash.update(chunk), signal)
    if (entry === null) return { verdict: { file, ok: true, hash: null }, content }
    const isEqual = hash.digest('hex') === entry.sha256
    const problem = isEqual ? await contentProblem(directory, entry, content) : 'its bytes are not those that were packed'
    const verdict = { file, hash: isEqual ? 'equal' : 'different' } as const
    return { verdict: problem === null ? { ...verdict, ok: true } : { ...verdict, ok: false, problem }, content }
  } catch (error) {
    if (signal.aborted) throw error
    return { verdict: { file, ok: false, hash: entry === null ? null : 'different', problem: messageOf(error) }, content: nothing }
  }
}

async function contentProblem(directory: string, entry: ShardEntry, content: ShardContent): Promise<string | null> {
  try {
    const written = await readPackedContent(directory, entry)
    return encodeContent(written) === encodeContent(content) ? null : `${entry.contentFile} does not say what it holds`
  } catch (error) {
    return messageOf(error)
  }
}

async function verifyShards(entries: readonly (ShardEntry | string)[], options: VerifyOptions): Promise<Verification> {
  const { directory, log, signal } = options
  const scanned: ScannedShard[] = []
  for (const entry of entries) {
    const [file, packed] = typeof entry === 'string' ? [entry, null] : [entry.file, entry]
    const shard = await scan(directory, file, packed, signal)
    log(`${file}: ${shard.verdict.problem ?? `${shard.content.samples.length} images`}`)
    scanned.push(shard)
  }
  const skipped = scanned.flatMap(({ verdict: { file }, content }) => content.skipped.map(({ path, reason }) => ({ path: `${file}/${path}`, reason })))
  const train = scanned.flatMap(({ verdict: { file }, content }) =>
    content.samples.map(({ name, offset, bytes }) => ({ path: `${file}/${name}`, label: 0, bytes, modifiedMs: 0, range: { file, offset, bytes } })),
  )
  const { images, unreadable } = await decodeAll({ directory, train, validation: [] }, options)
  const shards = scanned.map(({ verdict }) => verdict)
  const problems = [...skipped, ...unreadable]
  return { directory, layout: 'shards', ok: problems.length === 0 && shards.every(({ ok }) => ok), images, unreadable: problems, shards }
}

/**
 * Decodes every image of a data folder, and checks shards against the hashes of their index. What is wrong is in the result.
 * @throws InvalidInputError for a folder of no known layout, CancelledError
 */
export async function verifyData(options: VerifyOptions): Promise<Verification> {
  const { directory, log } = options
  const index = await readShardIndex(directory)
  if (index !== null) return verifyShards(index.shards, options)
  const tars = (await hasClassFolders(directory)) ? [] : await listShards(directory)
  if (tars.length > 0) return verifyShards(tars, options)
  const collection = await readCollection(directory, log)
  const manifest = await resolveManifest(collection, { seed: 0 })
  const { images, unreadable } = await decodeAll(manifest, options)
  const problems = [...manifest.skipped, ...unreadable]
  return { directory, layout: collection.layout, ok: problems.length === 0, images, unreadable: problems, shards: [] }
}
