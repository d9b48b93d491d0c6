import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { EnvironmentError, NasoaError, messageOf } from '../../../shared/errors.js'
import { cachedAddon, provideAddon } from './addon.js'
import { cacheFolder } from './cache.js'
import { fetchLibrary } from './download.js'
import { type Library, customLibrary, releaseFolder, releaseLibrary } from './library.js'
import { linkLibrary } from './link.js'
import { readCpuInfo, requireVectorInstructions } from './platform.js'
import { type Release, releaseFor } from './release.js'
import { type SetupSystem, realSystem } from './setup-system.js'
import { isStamped, writeStamp } from './stamp.js'
import { type TfjsPackage, tfjsPackage } from './tfjs-package.js'

export interface SetupOptions {
  /** Called with one line per step; nothing is said when nothing is to be done. */
  readonly progress: (line: string) => void
  /** Throws away what the cache holds and does everything anew. */
  readonly force?: boolean
  /** The machine, for tests. */
  readonly system?: SetupSystem
}

export interface SetupResult {
  /** True if nothing was to be done. */
  readonly alreadySetUp: boolean
  /** `tensorflow-2.19.1-linux-x64`, or `custom-...` for NASOA_LIBTENSORFLOW. */
  readonly library: string
  /** Full path of the library with the C API. */
  readonly libraryPath: string
  readonly cache: string
}

interface Source {
  readonly library: Library
  /** Null for a library of the user's own. */
  readonly release: Release | null
}

/**
 * Makes `@tensorflow/tfjs-node-gpu` of this checkout loadable: fetches libtensorflow, links it, compiles the addon.
 * Idempotent, safe to call from several processes at once, a few system calls when it is done already.
 * @throws UnsupportedPlatformError, MissingToolError, DiskSpaceError, HashMismatchError, CompileError (all EnvironmentError),
 *   UnavailableError when the package index cannot be reached
 */
export async function ensureTensorFlow(options: SetupOptions): Promise<SetupResult> {
  const system = options.system ?? realSystem(options.progress)
  const cache = cacheFolder(system.env)
  const tfjs = tfjsPackage()
  const source = await sourceOf(cache, system)
  const result = { library: source.library.name, libraryPath: source.library.main, cache }
  if (options.force !== true && isStamped(source.library, tfjs)) return { alreadySetUp: true, ...result }
  const done = await underLocks(cache, tfjs, system, () => setUp(cache, tfjs, source, system, options.force === true))
  return { alreadySetUp: !done, ...result }
}

/** True if a call of `ensureTensorFlow` would have nothing to do. */
export async function isTensorFlowSetUp(system: SetupSystem = realSystem(() => {})): Promise<boolean> {
  const { library } = await sourceOf(cacheFolder(system.env), system)
  return isStamped(library, tfjsPackage())
}

async function sourceOf(cache: string, system: SetupSystem): Promise<Source> {
  const own = system.env.NASOA_LIBTENSORFLOW
  if (own) return { library: customLibrary(own), release: null }
  const release = releaseFor(await system.platform())
  return { library: releaseLibrary(cache, release), release }
}

async function setUp(cache: string, tfjs: TfjsPackage, source: Source, system: SetupSystem, force: boolean): Promise<boolean> {
  if (!force && isStamped(source.library, tfjs)) return false
  requireVectorInstructions(process.arch, readCpuInfo())
  if (force) await discard(cache, source, tfjs)
  if (source.release !== null) await fetchLibrary(cache, source.release, system)
  await linkLibrary(source.library, tfjs)
  await provideAddon(cache, source.library, tfjs, system)
  await writeStamp(source.library, tfjs)
  system.progress('TensorFlow is set up')
  return true
}

async function discard(cache: string, { library, release }: Source, tfjs: TfjsPackage): Promise<void> {
  await rm(cachedAddon(cache, library, tfjs), { force: true })
  if (release !== null) await rm(releaseFolder(cache, release), { recursive: true, force: true })
}

/** Two locks: one checkout may be used with several caches, one cache by several checkouts. */
async function underLocks<T>(cache: string, tfjs: TfjsPackage, system: SetupSystem, work: () => Promise<T>): Promise<T> {
  const shared = join(cache, 'tensorflow')
  await makeFolder(shared)
  return withLock(tfjs.folder, system, () => withLock(shared, system, work))
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw new EnvironmentError(`cannot write to ${folder} (${messageOf(error)}): name a folder you own in NASOA_CACHE`, { folder }, { cause: error })
  }
}

const pollMs = 500
const longestWaitMs = 30 * 60_000

async function withLock<T>(folder: string, system: SetupSystem, work: () => Promise<T>): Promise<T> {
  const release = await acquire(folder, system)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(folder: string, system: SetupSystem): Promise<() => Promise<void>> {
  const lock = (retries: number) =>
    lockfile.lock(folder, { stale: 30_000, update: 5_000, retries: { retries, factor: 1, minTimeout: pollMs, maxTimeout: pollMs } })
  try {
    return await lock(0).catch((error: unknown) => {
      if (!isHeld(error)) throw error
      system.progress('waiting for another process that sets TensorFlow up')
      return lock(longestWaitMs / pollMs)
    })
  } catch (error) {
    if (error instanceof NasoaError) throw error
    const advice = isHeld(error) ? 'another set-up has held it for too long' : 'the folder must be writable'
    throw new EnvironmentError(`cannot lock ${folder} (${messageOf(error)}): ${advice}`, { folder }, { cause: error })
  }
}

function isHeld(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ELOCKED'
}
