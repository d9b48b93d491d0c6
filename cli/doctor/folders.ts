import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '../../shared/errors.js'
import { dataDirectoryName, resolveDataDirectory } from '../../worker/data/data-directory.js'
import { readIlsvrcFolder } from '../../worker/data/ilsvrc/ilsvrc-folder.js'
import { hasClassFolders } from '../../worker/data/read-collection.js'
import { listShards } from '../../worker/data/shards/shard-folder.js'
import { readShardIndex } from '../../worker/data/shards/shard-index.js'
import { cacheFolder } from '../../worker/tensorflow/native/cache.js'
import { freeBytes, megabytes } from '../../worker/tensorflow/native/disk-space.js'
import { printStatus } from '../output.js'
import { type Check, failed, passed } from './check.js'

/** The cache folder and the room on its file system. */
export async function checkCache(env: NodeJS.ProcessEnv, neededBytes: number): Promise<Check[]> {
  const cache = cacheFolder(env)
  const existing = await nearestExisting(cache)
  const free = await freeBytes(existing)
  return [
    await access(existing, constants.W_OK).then(
      () => passed('cache', cache),
      () => failed('cache', cache, `${existing} is not writable: name a folder you own in NASOA_CACHE`),
    ),
    free >= neededBytes
      ? passed('disk', `${megabytes(free)} free`)
      : failed('disk', `${megabytes(free)} free`, `free ${megabytes(neededBytes - free)} more, or name a roomier folder in NASOA_CACHE`),
  ]
}

async function nearestExisting(folder: string): Promise<string> {
  const exists = await access(folder).then(
    () => true,
    () => false,
  )
  return exists || folder === dirname(folder) ? folder : nearestExisting(dirname(folder))
}

/** A data folder, as far as its folders and indexes tell: images are left to `nasoa data verify`. */
export async function checkData(data: string): Promise<Check> {
  try {
    const folder = resolve(await resolveDataDirectory(data, printStatus))
    const other = await describeOtherLayout(folder)
    return other === null ? await checkClassFolders(folder) : passed('data', `${folder}: ${other}`)
  } catch (error) {
    return failed('data', dataDirectoryName(data), messageOf(error))
  }
}

/** Shards or ILSVRC; null where it is neither. */
async function describeOtherLayout(folder: string): Promise<string | null> {
  const index = await readShardIndex(folder)
  if (index !== null) return `${index.classes.length} classes in ${index.shards.length} shards`
  const shards = (await hasClassFolders(folder)) ? [] : await listShards(folder)
  if (shards.length > 0) return `${shards.length} tar shards without an index`
  const ilsvrc = await readIlsvrcFolder(folder)
  return ilsvrc === null ? null : `${ilsvrc.classes.length} classes as ILSVRC lays them out`
}

async function checkClassFolders(folder: string): Promise<Check> {
  try {
    const [train, val] = [await classesOf(join(folder, 'train')), await classesOf(join(folder, 'val'))]
    const unknown = val.filter(name => !train.includes(name))
    if (train.length === 0 || val.length === 0) return failed('data', folder, `put one folder per class into ${folder}/train and ${folder}/val`)
    if (unknown.length > 0) return failed('data', folder, `${folder}/val has classes that train lacks (${unknown.slice(0, 3).join(', ')}): add them there`)
    return passed('data', `${folder}: ${train.length} classes`)
  } catch (error) {
    return failed('data', folder, `a data folder needs train/<class>/ and val/<class>/ with images (${messageOf(error)})`)
  }
}

async function classesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter(entry => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
}
