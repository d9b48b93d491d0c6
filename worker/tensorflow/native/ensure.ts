import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedAddon, provideAddon } from './addon.js'
import { cacheFolder } from './cache.js'
import { fetchLibrary } from './download.js'
import { type Library, customLibrary, releaseFolder, releaseLibrary } from './library.js'
import { linkLibrary } from './link.js'
import { readCpuInfo, requireVectorInstructions } from './platform.js'
import { readNvidia, requireUsable } from './nvidia.js'
import { type Release, type Variant, releaseFor } from './release.js'
import { withLocks } from './setup-lock.js'
import { type SetupSystem, realSystem } from './setup-system.js'
import { isStamped, writeStamp } from './stamp.js'
import type { TfjsPackage } from './tfjs-package.js'
import { chosenVariant, rememberVariant } from './variant.js'

export interface SetupOptions {
  /** Called with one line per step; nothing is said when nothing is to be done. */
  readonly progress: (line: string) => void
  /** Throws away what the cache holds and does everything anew. */
  readonly force?: boolean
  /** True: the CUDA build; false: the CPU's. What was set up last stays when left out. */
  readonly gpu?: boolean
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
  const tfjs = system.tfjs()
  const variant = variantOf(cache, options.gpu)
  const source = await sourceOf(cache, system, variant)
  const result = { library: source.library.name, libraryPath: source.library.main, cache }
  if (options.force !== true && isStamped(source.library, tfjs)) {
    if (options.gpu !== undefined && source.release !== null) rememberVariant(cache, variant)
    return { alreadySetUp: true, ...result }
  }
  if (options.gpu === true) requireUsable(await readNvidia(system.env, system.run), system.progress)
  // Two locks: one checkout may be used with several caches, one cache by several checkouts.
  const folders = [tfjs.folder, join(cache, 'tensorflow')]
  const done = await withLocks(folders, system.progress, () => setUp(cache, tfjs, source, system, options.force === true))
  if (options.gpu !== undefined && source.release !== null) rememberVariant(cache, variant)
  return { alreadySetUp: !done, ...result }
}

/** The library that is set up, or null where a call of `ensureTensorFlow` would have something to do. */
export async function findSetUpLibrary(system: SetupSystem = realSystem(() => {})): Promise<Library | null> {
  const cache = cacheFolder(system.env)
  const { library } = await sourceOf(cache, system, chosenVariant(cache))
  return isStamped(library, system.tfjs()) ? library : null
}

function variantOf(cache: string, gpu: boolean | undefined): Variant {
  if (gpu === undefined) return chosenVariant(cache)
  return gpu ? 'cuda' : 'cpu'
}

async function sourceOf(cache: string, system: SetupSystem, variant: Variant): Promise<Source> {
  const own = system.env.NASOA_LIBTENSORFLOW
  if (own) return { library: customLibrary(own), release: null }
  const release = releaseFor(await system.platform(), variant)
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
