import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EnvironmentError, messageOf } from '../errors.js'
import type { ArtifactStore } from './artifact-store.js'
import type { CheckpointReference, StoredCheckpoint } from './checkpoint.js'

/** `<search>/<candidate>/<epoch>_<top1>.safetensors`: what is in the store can be seen, and sorted, with `ls`. */
const namePattern = /^(\d+)_([01]\.\d+)\.safetensors$/

/** A folder that all workers reach: a network file system, or a local one for workers of one machine. */
export class FolderArtifacts implements ArtifactStore {
  constructor(private readonly root: string) {}

  async put({ top1, ...checkpoint }: CheckpointReference & { readonly top1: number }, file: string): Promise<void> {
    const folder = this.folder(checkpoint.searchId, checkpoint.candidate)
    const name = `${String(checkpoint.epoch).padStart(4, '0')}_${top1.toFixed(9)}.safetensors`
    await attempt(`keep a checkpoint in ${folder}`, async () => {
      await mkdir(folder, { recursive: true })
      await copyWhole(file, join(folder, name))
      for (const earlier of await this.files(checkpoint)) if (earlier !== name) await rm(join(folder, earlier), { force: true })
    })
  }

  async get(checkpoint: CheckpointReference, file: string): Promise<boolean> {
    return attempt(`read a checkpoint of ${this.root}`, async () => {
      const [name] = await this.files(checkpoint)
      if (name === undefined) return false
      await mkdir(dirname(file), { recursive: true })
      return copyIfThere(join(this.folder(checkpoint.searchId, checkpoint.candidate), name), file)
    })
  }

  async list(searchId: string, candidate: number): Promise<StoredCheckpoint[]> {
    const folder = this.folder(searchId, candidate)
    return attempt(`list the checkpoints of ${folder}`, async () => {
      const found = await Promise.all((await namesIn(folder)).map(async (name) => storedOf(name, await sizeOf(join(folder, name)))))
      return found.flatMap((each) => (each === null ? [] : { searchId, candidate, ...each })).sort((a, b) => a.epoch - b.epoch)
    })
  }

  async delete(checkpoint: CheckpointReference): Promise<void> {
    const folder = this.folder(checkpoint.searchId, checkpoint.candidate)
    await attempt(`delete a checkpoint of ${folder}`, async () => {
      for (const name of await this.files(checkpoint)) await rm(join(folder, name), { force: true })
    })
  }

  async deleteCandidate(searchId: string, candidate: number): Promise<void> {
    const folder = this.folder(searchId, candidate)
    await attempt(`delete ${folder}`, () => rm(folder, { recursive: true, force: true }))
  }

  /** Of one epoch; more than one only where a put was cut short before it had removed the earlier file. */
  private async files({ searchId, candidate, epoch }: CheckpointReference): Promise<string[]> {
    const names = await namesIn(this.folder(searchId, candidate))
    return names.filter((name) => Number(namePattern.exec(name)?.[1]) === epoch)
  }

  private folder(searchId: string, candidate: number): string {
    if (!/^[\w-]{1,100}$/.test(searchId)) throw new EnvironmentError(`'${searchId}' is not the id of a search`)
    return join(this.root, searchId, String(candidate))
  }
}

/** A folder that is not there holds nothing. */
async function namesIn(folder: string): Promise<string[]> {
  return unlessMissing(async () => (await readdir(folder)).filter((name) => namePattern.test(name)).sort(), [])
}

/** null = it has been deleted meanwhile. */
function sizeOf(file: string): Promise<number | null> {
  return unlessMissing(async () => (await stat(file)).size, null)
}

function storedOf(name: string, bytes: number | null): Pick<StoredCheckpoint, 'epoch' | 'top1' | 'bytes'> | null {
  const match = namePattern.exec(name)
  return match === null || bytes === null ? null : { epoch: Number(match[1]), top1: Number(match[2]), bytes }
}

function copyIfThere(from: string, to: string): Promise<boolean> {
  return unlessMissing(async () => {
    await copyWhole(from, to)
    return true
  }, false)
}

/** The copy has another name until all of it is on the disk. */
async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.${randomUUID()}.part`
  try {
    await copyFile(from, part)
    await sync(part)
    await rename(part, to)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function unlessMissing<T>(act: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw error
  }
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw new EnvironmentError(`cannot ${what}: ${messageOf(error)}; is the folder of --artifacts there, with room in it?`, {}, { cause: error })
  }
}
