import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { writeDurably } from '../../durable-file.js'
import { cacheFolder } from '../../tensorflow/native/cache.js'
import { decodeContent, encodeContent } from './shard-index.js'
import { type ShardContent, scanShard } from './shard-scan.js'

/**
 * What a shard without an index holds. Finding out reads the whole shard, so it is written down in the cache folder, under a
 * name that changes with the shard's path, size and time; never beside the shard.
 * @throws InvalidInputError as `scanShard`
 */
export async function shardContent(path: string, progress: (line: string) => void, cache: string = cacheFolder()): Promise<ShardContent> {
  const { size, mtimeMs } = await stat(path)
  const key = createHash('sha256').update(`${resolve(path)}\0${size}\0${mtimeMs}`).digest('hex')
  const file = join(cache, 'shard-contents', `${key}.json`)
  const known = await readFile(file, 'utf8').then((text) => decodeContent(text, size)).catch(() => null)
  if (known !== null) return known
  progress(`reading ${path} once, to see what it holds`)
  const content = await scanShard(path)
  await mkdir(dirname(file), { recursive: true })
  writeDurably(file, encodeContent(content))
  return content
}
