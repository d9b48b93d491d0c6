import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { EnvironmentError, messageOf } from '../errors.js'
import type { ArtifactStore } from './artifact-store.js'
import type { NewCheckpoint, StoredCheckpoint } from './checkpoint.js'
import { candidatePath, checkpointName, parseCheckpointName } from './checkpoint-path.js'
import { sha256OfFile } from '../sha256-of-file.js'
import { writeWhole } from './whole-file.js'

/** A folder that all workers reach: a network file system, or a local one for workers of one machine. */
export class FolderArtifacts implements ArtifactStore {
  constructor(private readonly root: string) {}

  get name(): string {
    return this.root
  }

  async probe(): Promise<void> {
    const file = join(this.root, `.probe-${randomUUID()}`)
    await attempt(`write to ${this.root}`, async () => {
      await mkdir(this.root, { recursive: true })
      await writeFile(file, '')
      await rm(file)
    })
  }

  async put(checkpoint: NewCheckpoint, file: string): Promise<void> {
    const folder = this.folder(checkpoint.searchId, checkpoint.candidate)
    await attempt(`keep a checkpoint in ${folder}`, async () => {
      const sha256 = await sha256OfFile(file)
      await writeWhole(() => streamOf(file), join(folder, checkpointName(checkpoint, sha256)), sha256)
    })
  }

  async get(checkpoint: StoredCheckpoint, file: string): Promise<boolean> {
    const stored = this.file(checkpoint)
    return attempt(`read ${stored}`, () =>
      unlessMissing(async () => {
        await writeWhole(() => streamOf(stored), file, checkpoint.sha256)
        return true
      }, false),
    )
  }

  async list(searchId: string, candidate: number): Promise<StoredCheckpoint[]> {
    const folder = this.folder(searchId, candidate)
    return attempt(`list the checkpoints of ${folder}`, async () => {
      // A folder that is not there holds nothing.
      const names = await unlessMissing(() => readdir(folder), [])
      const found = await Promise.all(names.map((name) => this.look(searchId, candidate, name)))
      return found.flatMap((each) => each ?? []).sort((a, b) => a.epoch - b.epoch)
    })
  }

  async delete(checkpoint: StoredCheckpoint): Promise<void> {
    const file = this.file(checkpoint)
    await attempt(`delete ${file}`, () => rm(file, { force: true }))
  }

  async deleteCandidate(searchId: string, candidate: number): Promise<void> {
    const folder = this.folder(searchId, candidate)
    await attempt(`delete ${folder}`, () => rm(folder, { recursive: true, force: true }))
  }

  /** null = it is no checkpoint, or has been deleted meanwhile. */
  private async look(searchId: string, candidate: number, name: string): Promise<StoredCheckpoint | null> {
    const parsed = parseCheckpointName(name)
    if (parsed === null) return null
    return unlessMissing(async () => ({ searchId, candidate, ...parsed, bytes: (await stat(join(this.folder(searchId, candidate), name))).size }), null)
  }

  private file(checkpoint: StoredCheckpoint): string {
    return join(this.folder(checkpoint.searchId, checkpoint.candidate), checkpointName(checkpoint, checkpoint.sha256))
  }

  private folder(searchId: string, candidate: number): string {
    return join(this.root, candidatePath(searchId, candidate))
  }
}

/** Opened, so that a file that is not there is known at once. */
async function streamOf(file: string): Promise<Readable> {
  return (await open(file)).createReadStream()
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
    if (error instanceof EnvironmentError) throw error
    throw new EnvironmentError(`cannot ${what}: ${messageOf(error)}; is the folder of --artifacts there, with room in it?`, {}, { cause: error })
  }
}
