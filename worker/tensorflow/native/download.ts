import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from '../../../shared/sha256-of-file.js'
import { requireSha256 } from './checksum.js'
import { fetchCuda, isCudaIntact } from './cuda.js'
import { megabytes, requireSpace } from './disk-space.js'
import { type Library, releaseFolder, releaseLibrary } from './library.js'
import { findPip, pipDownload } from './pip.js'
import { type Release, headerFolders } from './release.js'
import type { SetupSystem } from './setup-system.js'
import { unpackWheel } from './unpack.js'

/** pip first writes a temporary file and then the wheel, and the headers take a little. */
const slackBytes = 20e6
/** CUDA 12.5 with cuDNN 9, unpacked, and the largest of its wheels twice. */
const cudaBytes = 5.5e9
const partialPrefix = 'partial-'

/**
 * The library of a release from the cache, or downloaded there; every file's hash is checked either way.
 * Call it under the cache's lock.
 * @throws MissingToolError, DiskSpaceError, UnavailableError, HashMismatchError, EnvironmentError
 */
export async function fetchLibrary(cache: string, release: Release, system: SetupSystem): Promise<Library> {
  const folder = releaseFolder(cache, release)
  if (existsSync(folder)) {
    system.progress(`checking TensorFlow ${release.version} in ${folder}`)
    if (await isIntact(folder, release)) return releaseLibrary(cache, release)
    system.progress(`${folder} is damaged and is fetched again`)
    await rm(folder, { recursive: true })
  }
  await download(folder, release, system)
  return releaseLibrary(cache, release)
}

async function isIntact(folder: string, { libraries, cudaExtra }: Release): Promise<boolean> {
  for (const { entry, bytes, sha256 } of libraries) {
    const path = join(folder, entry)
    if (!existsSync(path) || (await stat(path)).size !== bytes || (await sha256OfFile(path)) !== sha256) return false
  }
  if (cudaExtra !== undefined && !(await isCudaIntact(folder))) return false
  return existsSync(join(folder, 'tensorflow', 'include', 'tensorflow', 'c', 'c_api.h'))
}

async function download(folder: string, release: Release, system: SetupSystem): Promise<void> {
  const parent = join(folder, '..')
  await removePartial(parent)
  requireSpace(parent, neededBytes(release), await system.freeBytes(parent))
  const pip = await findPip(system.env, system.run)
  const partial = await mkdtemp(join(parent, partialPrefix))
  try {
    await fetchInto(partial, pip, release, system)
    await rename(join(partial, 'unpacked'), folder)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

async function fetchInto(partial: string, pip: Awaited<ReturnType<typeof findPip>>, release: Release, system: SetupSystem): Promise<void> {
  const wheel = join(partial, release.wheel.file)
  system.progress(`downloading TensorFlow ${release.version} for ${release.platform} with pip (${megabytes(release.wheel.bytes)})`)
  await pipDownload(pip, release, partial, system.env, system.run)
  await requireSha256(wheel, release.wheel.sha256)
  system.progress(`unpacking TensorFlow to ${join(partial, '..')}`)
  await mkdir(join(partial, 'unpacked'))
  await unpackWheel(wheel, release.libraries, headerFolders, join(partial, 'unpacked'))
  if (release.cudaExtra !== undefined) await fetchCuda(wheel, release.cudaExtra, pip, join(partial, 'unpacked'), system)
}

/** Free space that a download needs at its peak: pip's temporary file, the wheel, and what is unpacked. */
export function neededBytes({ wheel, libraries, cudaExtra }: Release): number {
  const cuda = cudaExtra === undefined ? 0 : cudaBytes
  return 2 * wheel.bytes + libraries.reduce((sum, { bytes }) => sum + bytes, 0) + slackBytes + cuda
}

/** What a killed set-up left behind; the lock says that nobody works on it. */
async function removePartial(parent: string): Promise<void> {
  await mkdir(parent, { recursive: true })
  const left = (await readdir(parent)).filter(name => name.startsWith(partialPrefix))
  for (const name of left) await rm(join(parent, name), { recursive: true, force: true })
}
