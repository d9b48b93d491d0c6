import { mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, type NasoaError, UnavailableError } from '../../../shared/errors.js'
import { type CommandResult, type CommandRunner, findProgram, lastLine } from './command.js'
import { DiskSpaceError, MissingToolError } from './errors.js'
import type { Release } from './release.js'

/** A command line that runs pip: a program and its first arguments. */
export type PipCommand = readonly [program: string, ...args: string[]]

/**
 * The first pip that answers: of the Python in PYTHON, of python3 or python, or a pip program of its own.
 * @throws MissingToolError if there is none
 */
export async function findPip(env: NodeJS.ProcessEnv, run: CommandRunner): Promise<PipCommand> {
  for (const [name, ...args] of candidates(env)) {
    const program = findProgram(name, env)
    if (program === null) continue
    const { code } = await run(program, [...args, '--version'], { env })
    if (code === 0) return [program, ...args]
  }
  const python = findProgram('python3', env) ?? findProgram('python', env)
  throw new MissingToolError(
    python === null
      ? 'no Python with pip on PATH, which fetches TensorFlow: install them (Debian: apt install python3-pip)'
      : `${python} has no pip, which fetches TensorFlow: install it (Debian: apt install python3-pip, others: ${python} -m ensurepip)`,
    { tool: 'pip' },
  )
}

function candidates(env: NodeJS.ProcessEnv): PipCommand[] {
  const pythons = [...(env.PYTHON ? [env.PYTHON] : []), 'python3', 'python']
  return [...pythons.map((python): PipCommand => [python, '-m', 'pip']), ['pip3'], ['pip']]
}

/** Downloads the wheel of a release into a folder; mirrors, proxies and certificates are pip's own configuration. */
export async function pipDownload(
  pip: PipCommand,
  release: Release,
  folder: string,
  env: NodeJS.ProcessEnv,
  run: CommandRunner,
): Promise<void> {
  const [program, ...first] = pip
  // pip writes to TMPDIR first, which is often a small file system in memory; the space was checked where `folder` is.
  const result = await run(program, [...first, ...downloadArguments(release, folder)], { env: { ...env, TMPDIR: folder } })
  if (result.code !== 0) throw downloadError(release, folder, result)
}

function downloadArguments({ distribution, version, wheelTag }: Release, folder: string): string[] {
  const target = ['--python-version', '3.12', '--implementation', 'cp', '--abi', 'cp312', '--platform', wheelTag]
  // Without -vv (debug) and without retries an index that cannot be reached looks like one that lacks the package.
  const quiet = ['-vv', '--disable-pip-version-check', '--no-input', '--no-cache-dir', '--progress-bar', 'off']
  return ['download', '--no-deps', '--only-binary=:all:', ...target, ...quiet, '--dest', folder, `${distribution}==${version}`]
}

/** Tags of all Linux wheels that NVIDIA publishes for x64. */
const cudaTags = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_27_x86_64', 'manylinux_2_28_x86_64', 'manylinux1_x86_64']

interface PinnedPackage {
  readonly name: string
  readonly version: string
}

interface PipSurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly run: CommandRunner
}

const cudaTarget = ['--no-deps', '--only-binary=:all:', '--python-version', '3.12', '--implementation', 'cp', ...cudaTags.flatMap((tag) => ['--platform', tag])]
const unattended = ['--disable-pip-version-check', '--no-input', '--no-cache-dir', '--progress-bar', 'off']

/**
 * The SHA-256 of each package's wheel, as pip's index gives it; nothing is installed.
 * @throws MissingToolError for a pip that cannot tell, UnavailableError, EnvironmentError
 */
export async function pipHashes(
  [program, ...first]: PipCommand,
  packages: readonly PinnedPackage[],
  folder: string,
  { env, run }: PipSurroundings,
): Promise<Map<string, string>> {
  const report = join(folder, 'pip-report.json')
  const names = packages.map(({ name, version }) => `${name}==${version}`)
  const args = [...first, 'install', '--dry-run', '--ignore-installed', '--target', folder, '--report', report, ...cudaTarget, '-vv', ...unattended, ...names]
  const result = await run(program, args, { env: { ...env, TMPDIR: folder } })
  if (/no such option: --(report|dry-run)/.test(result.output)) {
    throw new MissingToolError(`${[program, ...first].join(' ')} is older than pip 22.2, which tells the hashes of what it fetches: update it (pip install --upgrade pip)`, { tool: 'pip' })
  }
  if (result.code !== 0) throw failureOf('the CUDA packages', folder, result)
  const { install } = JSON.parse(await readFile(report, 'utf8')) as PipReport
  await rm(report)
  return new Map(install.flatMap(({ metadata, download_info: { archive_info: archive } }) => {
    const sha256 = archive?.hashes?.sha256
    return sha256 === undefined ? [] : [[metadata.name, sha256] as const]
  }))
}

/** The part of pip's installation report (version 1) that is used. */
interface PipReport {
  readonly install: readonly {
    readonly metadata: { readonly name: string }
    readonly download_info: { readonly archive_info?: { readonly hashes?: { readonly sha256?: string } } }
  }[]
}

/** Downloads one package's wheel into a folder. @returns its path */
export async function pipDownloadRequirement(
  [program, ...first]: PipCommand,
  { name, version }: PinnedPackage,
  folder: string,
  { env, run }: PipSurroundings,
): Promise<string> {
  const place = await mkdtemp(join(folder, 'wheel-'))
  const args = [...first, 'download', ...cudaTarget, '-vv', ...unattended, '--dest', place, `${name}==${version}`]
  const result = await run(program, args, { env: { ...env, TMPDIR: place } })
  const wheel = (await readdir(place)).find((file) => file.endsWith('.whl'))
  if (result.code !== 0 || wheel === undefined) throw failureOf(`${name} ${version}`, folder, result)
  await rename(join(place, wheel), join(folder, wheel))
  await rm(place, { recursive: true, force: true })
  return join(folder, wheel)
}

const networkTrouble = new RegExp(
  [
    'Retrying \\(Retry',
    'Max retries exceeded',
    'Connection ?(Error|refused|reset|broken|aborted|timed out)',
    'NewConnectionError|NameResolutionError|ProxyError|SSLError|ReadTimeout|ConnectTimeout|ProtocolError|IncompleteRead',
    'Temporary failure in name resolution|Network is unreachable',
    // 404 is how an index says that it lacks a package.
    'HTTP error (?!404)\\d|(?<!404 )Client Error|Server Error',
  ].join('|'),
  'i',
)

/** Debug output may follow the error. */
function errorLine(output: string): string {
  return output.split('\n').findLast(line => line.startsWith('ERROR: '))?.slice('ERROR: '.length) ?? lastLine(output)
}

export function downloadError(release: Release, folder: string, result: CommandResult): NasoaError {
  return failureOf(`${release.distribution} ${release.version} for ${release.wheelTag}`, folder, result)
}

/** pip tells the reason only in prose. */
function failureOf(what: string, folder: string, { code, output }: CommandResult): NasoaError {
  const details = { exitCode: code, reason: errorLine(output) }
  if (/No space left on device/i.test(output)) {
    return new DiskSpaceError(`${folder} ran full while pip downloaded ${what}: free some space, or name another folder in NASOA_CACHE`, details)
  }
  if (networkTrouble.test(output)) {
    const trouble = output.split('\n').find(line => networkTrouble.test(line))?.trim() ?? ''
    return new UnavailableError(
      `pip could not reach its package index for ${what} (${trouble.slice(0, 300)}): check the network, or pip's index-url and proxy, and run \`nasoa setup\` again`,
      details,
    )
  }
  if (/No matching distribution/i.test(output)) {
    return new EnvironmentError(`pip's package index has no ${what}: set pip's index-url to one that has (pip config list shows it)`, details)
  }
  return new EnvironmentError(`pip could not download ${what}: ${details.reason}`, details)
}
