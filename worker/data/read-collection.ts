import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageCollection } from './image-collection.js'
import { readImageFolder } from './image-folder.js'
import { readIlsvrcFolder } from './ilsvrc/ilsvrc-folder.js'
import { readShardFolder } from './shards/shard-folder.js'
import { readShardIndex } from './shards/shard-index.js'

/**
 * The images of a data folder in any of the layouts that people have: tar shards, ILSVRC's own, or folders of classes.
 * @param progress told where something takes long: shards without an index are read once
 * @throws InvalidInputError that says what is missing
 */
export async function readCollection(directory: string, progress: (line: string) => void): Promise<ImageCollection> {
  // Archives often lie beside what was unpacked from them: where there are folders of classes, those are meant.
  const isUnpacked = (await hasClassFolders(directory)) && (await readShardIndex(directory)) === null
  const shards = isUnpacked ? null : await readShardFolder(directory, progress)
  return shards ?? (await readIlsvrcFolder(directory)) ?? (await classFolders(directory))
}

/** True if the folder's `train` has folders in it. */
export async function hasClassFolders(directory: string): Promise<boolean> {
  const entries = await readdir(join(directory, 'train'), { withFileTypes: true }).catch(() => [])
  return entries.some((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
}

async function classFolders(directory: string): Promise<ImageCollection> {
  const { classes } = await readImageFolder(directory)
  const located = classes.map(({ name, train, val }) => ({
    name,
    train: train.map((file) => ({ path: `train/${name}/${file}` })),
    val: val.map((file) => ({ path: `val/${name}/${file}` })),
  }))
  return { directory, layout: 'class-folders', classes: located, skipped: [] }
}
