import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { z } from 'zod'

/** To be changed with what a resized image is. */
const version = 1

/** What the images of a folder were made from. */
export const sourceSchema = z.strictObject({ directory: z.string(), resolution: z.int().positive() })
export type CacheSource = z.output<typeof sourceSchema>

const sourceName = 'source.json'
export const segmentExtension = '.images'
export const partialExtension = '.partial'

/** A folder of the cache. */
export interface CacheFolder {
  readonly path: string
  /** Null where the folder does not say. */
  readonly source: CacheSource | null
  readonly bytes: number
  readonly lastUsed: Date
}

/** The folder for the images of a data folder at a resolution, made where it is missing; notes that it is used. */
export async function useCacheFolder(root: string, directory: string, resolution: number): Promise<string> {
  const source: CacheSource = { directory: await realpath(directory), resolution }
  const key = createHash('sha256').update(JSON.stringify([version, sharp.versions.vips, source])).digest('hex').slice(0, 32)
  const path = join(root, key)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, sourceName), JSON.stringify(source))
  const now = new Date()
  await utimes(path, now, now)
  return path
}

async function describe(path: string): Promise<CacheFolder> {
  const names = await readdir(path)
  const sizes = await Promise.all(names.map((name) => stat(join(path, name)).then(({ size }) => size, () => 0)))
  const source = await readFile(join(path, sourceName), 'utf8').then((text) => sourceSchema.parse(JSON.parse(text))).catch(() => null)
  return { path, source, bytes: sizes.reduce((sum, size) => sum + size, 0), lastUsed: (await stat(path)).mtime }
}

/** The folders of a cache, last used first. */
export async function listCacheFolders(root: string): Promise<CacheFolder[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory() && /^[0-9a-f]{32}$/.test(entry.name))
  // One that another process removes meanwhile is none.
  const described = await Promise.all(folders.map(({ name }) => describe(join(root, name)).catch(() => null)))
  return described.filter((folder) => folder !== null).sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime())
}

/** Processes that read from it go on with what they have open. */
export async function removeCacheFolder({ path }: Pick<CacheFolder, 'path'>): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
