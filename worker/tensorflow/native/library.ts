import { createHash } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError } from '../../../shared/errors.js'
import type { Release } from './release.js'

/** A libtensorflow on disk: what the addon is compiled against and loads. */
export interface Library {
  /** Identity for cache keys: a release, or a folder of the user's own at one state. */
  readonly name: string
  /** Full path of the library with the C API. */
  readonly main: string
  readonly framework: string
  /** Further libraries that these two load by name. */
  readonly companions: readonly string[]
  /** Folder that holds tensorflow/c/c_api.h. */
  readonly include: string
  /** Folder of CUDA's libraries, which the library looks for beside its own; null for one that computes on the CPU. */
  readonly nvidia: string | null
}

/** Folder of an unpacked release in the cache. */
export function releaseFolder(cache: string, release: Release): string {
  return join(cache, 'tensorflow', releaseName(release))
}

export function releaseName({ version, platform, cudaExtra }: Release): string {
  return `tensorflow-${version}-${platform}${cudaExtra === undefined ? '' : '-cuda'}`
}

/** The library of a release as it lies (or will lie) in the cache. */
export function releaseLibrary(cache: string, release: Release): Library {
  const folder = releaseFolder(cache, release)
  const [main, framework, ...companions] = release.libraries.map(({ entry }) => join(folder, entry))
  return {
    name: releaseName(release),
    main: main ?? '',
    framework: framework ?? '',
    companions,
    include: join(folder, 'tensorflow', 'include'),
    nvidia: release.cudaExtra === undefined ? null : join(folder, 'nvidia'),
  }
}

const mainNames = ['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow.so']
const frameworkNames = ['libtensorflow_framework.so.2', 'libtensorflow_framework.so']

/**
 * The library in a folder of the user's own: an installed Python package `tensorflow`, or an unpacked libtensorflow archive.
 * @throws EnvironmentError if it lacks the libraries or the headers
 */
export function customLibrary(path: string): Library {
  const folder = resolve(path)
  const main = firstFile(folder, mainNames)
  const framework = firstFile(folder, frameworkNames)
  const include = join(folder, 'include')
  if (main === null || framework === null || !existsSync(join(include, 'tensorflow', 'c', 'c_api.h'))) {
    throw new EnvironmentError(
      `NASOA_LIBTENSORFLOW=${path} holds no ${mainNames[0]} with ${frameworkNames[0]} and include/tensorflow/c/c_api.h: ` +
        'name the folder of an unpacked libtensorflow or of an installed Python tensorflow, or unset it',
      { path: folder },
    )
  }
  // An installed Python tensorflow has them beside itself.
  const nvidia = join(folder, '..', 'nvidia')
  return { name: `custom-${stateOf(main)}`, main, framework, companions: [], include, nvidia: existsSync(nvidia) ? nvidia : null }
}

function firstFile(folder: string, names: readonly string[]): string | null {
  const paths = [folder, join(folder, 'lib')].flatMap(parent => names.map(name => join(parent, name)))
  return paths.find(path => existsSync(path)) ?? null
}

function stateOf(path: string): string {
  const { size, mtimeMs } = statSync(path)
  return createHash('sha256').update(`${realpathSync(path)}\0${size}\0${mtimeMs}`).digest('hex').slice(0, 12)
}

/** Names under which a library must be found: the linker's, and the one that was built into it. */
export function linkNames({ main, framework, companions }: Library): [name: string, target: string][] {
  const own = [main, framework, ...companions].map((path): [string, string] => [basename(path), path])
  return [...new Map([['libtensorflow.so', main], ['libtensorflow_framework.so', framework], ...own])] as [string, string][]
}
