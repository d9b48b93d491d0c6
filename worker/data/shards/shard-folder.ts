import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, messageOf } from '../../../shared/errors.js'
import type { ClassImages, ImageCollection, ImageLocation, SkippedImage, Split } from '../image-collection.js'
import { shardContent } from './content-cache.js'
import { type ShardEntry, type ShardIndex, readPackedContent, readShardIndex } from './shard-index.js'
import type { ShardContent } from './shard-scan.js'

/** A shard and what it holds. */
export interface OpenedShard {
  /** From the data folder, with '/' on every system. */
  readonly file: string
  readonly split: Split
  readonly content: ShardContent
}

const naming = 'name them train-000000.tar ... and val-000000.tar ..., or put them into folders train and val'

/** Which split a shard belongs to, by the words of its name or by its folder; null where neither tells. */
export function splitOf(file: string): Split | null {
  const words = file.toLowerCase().split(/[^a-z]+/)
  const isTrain = words.some((word) => word === 'train' || word === 'training')
  const isValidation = words.some((word) => word === 'val' || word === 'valid' || word === 'validation')
  if (isTrain === isValidation) return null
  return isTrain ? 'train' : 'val'
}

/** ImageNet's own archives are no shards: their images have no labels. */
const imageNetArchive = /^(n\d{8}|ILSVRC\d{4}_.*)\.tar$/i

async function tarsIn(directory: string, folder: string): Promise<string[]> {
  const names = await readdir(join(directory, folder)).catch(() => [])
  return names.filter((name) => name.endsWith('.tar') && !name.startsWith('.') && !imageNetArchive.test(name)).map((name) => (folder === '' ? name : `${folder}/${name}`))
}

/** Tar files of a folder and of its folders train and val, by name. */
export async function listShards(directory: string): Promise<string[]> {
  const found = await Promise.all(['', 'train', 'val'].map((folder) => tarsIn(directory, folder)))
  return found.flat().sort()
}

async function openPacked(directory: string, index: ShardIndex): Promise<OpenedShard[]> {
  return Promise.all(
    index.shards.map(async (entry) => {
      await requireShard(directory, entry)
      return { file: entry.file, split: entry.split, content: await readPackedContent(directory, entry) }
    }),
  )
}

async function requireShard(directory: string, { file, bytes }: ShardEntry): Promise<void> {
  const found = await stat(join(directory, file)).then(({ size }) => size, () => null)
  if (found === bytes) return
  const trouble = found === null ? 'is missing' : `has ${found} bytes, the index says ${bytes}`
  throw new InvalidInputError(`the shard ${JSON.stringify(file)} of ${JSON.stringify(directory)} ${trouble}: copy it again, or pack the data set again`, { directory, shard: file })
}

async function openForeign(directory: string, files: readonly string[], progress: (line: string) => void): Promise<OpenedShard[]> {
  const opened: OpenedShard[] = []
  for (const file of files) {
    const split = splitOf(file)
    if (split === null) throw new InvalidInputError(`the name of the shard ${JSON.stringify(file)} in ${JSON.stringify(directory)} does not tell its split: ${naming}`, { directory, shard: file })
    opened.push({ file, split, content: await shardContent(join(directory, file), progress) })
  }
  return opened
}

/** Labels are numbers, of which all up to the largest are classes; else they are the classes' names. */
function classNames(labels: ReadonlySet<string>): string[] {
  const numbers = [...labels].map((label) => (/^\d{1,7}$/.test(label) ? Number(label) : NaN))
  if (numbers.every((number) => !Number.isNaN(number))) return [...new Set(numbers)].sort((a, b) => a - b).map(String)
  return [...labels].sort()
}

/** Position of a label's class. */
function classFinder(names: readonly string[], index: ShardIndex | null): (label: string) => number | undefined {
  if (index !== null) return (label) => (/^\d+$/.test(label) && Number(label) < names.length ? Number(label) : undefined)
  const positions = new Map(names.map((name, position) => [name, position]))
  return (label) => positions.get(label) ?? positions.get(String(Number(label)))
}

function collect(directory: string, shards: readonly OpenedShard[], index: ShardIndex | null): ImageCollection {
  const labels = new Set(shards.flatMap(({ content }) => content.samples.map(({ label }) => label)))
  const names = index?.classes ?? classNames(labels)
  const find = classFinder(names, index)
  const classes = names.map((name) => ({ name, train: [] as ImageLocation[], val: [] as ImageLocation[] }))
  const skipped: SkippedImage[] = []
  for (const { file, split, content } of shards) {
    for (const { path, reason } of content.skipped) skipped.push({ path: `${file}/${path}`, reason })
    for (const { name, label, offset, bytes } of content.samples) {
      const path = `${file}/${name}`
      const position = find(label)
      if (position === undefined) skipped.push({ path, reason: `its label ${JSON.stringify(label)} is no class` })
      else classes[position][split].push({ path, range: { file, offset, bytes } })
    }
  }
  requireSplits(directory, classes)
  return { directory, layout: 'shards', classes, skipped }
}

function requireSplits(directory: string, classes: readonly ClassImages[]): void {
  for (const split of ['train', 'val'] as const) {
    const without = classes.find((entry) => entry[split].length === 0)
    if (without === undefined) continue
    const all = classes.every((entry) => entry[split].length === 0)
    const what = all ? `no images for '${split}': ${naming}` : `no images of class ${JSON.stringify(without.name)} for '${split}'`
    throw new InvalidInputError(`the shards of ${JSON.stringify(directory)} hold ${what}`, { directory })
  }
}

/** The shards of a folder, opened; null where it has none. @throws InvalidInputError for shards that cannot be read */
export async function openShards(directory: string, progress: (line: string) => void): Promise<{ index: ShardIndex | null; shards: OpenedShard[] } | null> {
  const index = await readShardIndex(directory)
  if (index !== null) return { index, shards: await openPacked(directory, index) }
  const files = await listShards(directory)
  return files.length === 0 ? null : { index, shards: await openForeign(directory, files, progress) }
}

/**
 * The images of a folder of tar shards (WebDataset: `000123.jpg` beside `000123.cls`); null where it holds none.
 * @throws InvalidInputError for a shard that is damaged or whose split cannot be told, or where a class lacks a split
 */
export async function readShardFolder(directory: string, progress: (line: string) => void): Promise<ImageCollection | null> {
  try {
    const opened = await openShards(directory, progress)
    return opened === null ? null : collect(directory, opened.shards, opened.index)
  } catch (error) {
    if (error instanceof InvalidInputError) throw error
    throw new InvalidInputError(`cannot read the shards of ${JSON.stringify(directory)}: ${messageOf(error)}`, { directory }, { cause: error })
  }
}
