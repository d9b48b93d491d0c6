import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidInputError, messageOf } from '../../../shared/errors.js'
import type { ShardContent } from './shard-scan.js'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

/** One shard of a packed data set. */
const shardEntrySchema = z.strictObject({
  file: z.string().regex(/^[\w.-]+\.tar$/),
  split: z.enum(['train', 'val']),
  images: count,
  bytes: count,
  sha256,
  /** Where each image is in the shard: what a scan of it would tell. */
  contentFile: z.string().regex(/^[\w.-]+\.json$/),
  contentSha256: sha256,
})

const shardIndexSchema = z.strictObject({
  format: z.literal('nasoa-shards'),
  version: z.literal(1),
  /** SHA-256 of what decided the shards: the folder's manifest and the settings. */
  plan: sha256,
  /** Names of the classes; a `.cls` entry holds a position in this list. */
  classes: z.array(z.string()).min(1),
  shards: z.array(shardEntrySchema).min(1),
})

export type ShardEntry = z.output<typeof shardEntrySchema>
/** `index.json` of a packed data set: its shards with their hashes. */
export type ShardIndex = z.output<typeof shardIndexSchema>

export const indexName = 'index.json'

const contentSchema = z.strictObject({
  /** Name, label, offset and bytes of each image. */
  samples: z.array(z.tuple([z.string(), z.string(), count, count])),
  skipped: z.array(z.tuple([z.string(), z.string()])),
})

/** A shard's content as JSON. */
export function encodeContent({ samples, skipped }: ShardContent): string {
  return JSON.stringify({
    samples: samples.map(({ name, label, offset, bytes }) => [name, label, offset, bytes]),
    skipped: skipped.map(({ path, reason }) => [path, reason]),
  })
}

/** @throws Error where the text is not what `encodeContent` writes, or an image lies outside of the shard */
export function decodeContent(text: string, shardBytes: number): ShardContent {
  const { samples, skipped } = contentSchema.parse(JSON.parse(text))
  const outside = samples.find(([, , offset, bytes]) => offset + bytes > shardBytes)
  if (outside !== undefined) throw new Error(`${JSON.stringify(outside[0])} lies outside of the shard`)
  return {
    samples: samples.map(([name, label, offset, bytes]) => ({ name, label, offset, bytes })),
    skipped: skipped.map(([path, reason]) => ({ path, reason })),
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new InvalidInputError(`cannot read ${JSON.stringify(path)}: ${messageOf(error)}`, { path }, { cause: error })
  }
}

/** The index of a packed data set; null where the folder has none (an `index.json` of something else counts as none). @throws InvalidInputError for a damaged one */
export async function readShardIndex(directory: string): Promise<ShardIndex | null> {
  const path = join(directory, indexName)
  const text = await textOf(path)
  if (text === null || !text.includes('"nasoa-shards"')) return null
  try {
    return shardIndexSchema.parse(JSON.parse(text))
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error).replace(/\s+/g, ' ') : messageOf(error)
    throw new InvalidInputError(`${JSON.stringify(path)} is damaged (${reason}): pack the data set again`, { path }, { cause: error })
  }
}

/** The content that was written down when the shard was packed. @throws InvalidInputError where it is missing, or another than the index says */
export async function readPackedContent(directory: string, entry: ShardEntry): Promise<ShardContent> {
  const path = join(directory, entry.contentFile)
  const text = await textOf(path)
  if (text !== null && createHash('sha256').update(text).digest('hex') === entry.contentSha256) return decodeContent(text, entry.bytes)
  const trouble = text === null ? 'is missing' : `is not the one that ${indexName} names`
  throw new InvalidInputError(`${JSON.stringify(path)} ${trouble}: copy it from where the data set was packed, or pack it again`, { path })
}
