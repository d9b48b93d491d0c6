import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPromise } from 'yauzl'
import { EnvironmentError } from '../../../shared/errors.js'
import { sha256OfFile } from '../../../shared/sha256-of-file.js'
import { requireSha256 } from './checksum.js'
import { type PipCommand, pipDownloadRequirement, pipHashes } from './pip.js'
import type { SetupSystem } from './setup-system.js'
import { type UnpackedFile, unpackMatching } from './unpack.js'

/** A Python package that a wheel names, pinned. */
export interface Requirement {
  readonly name: string
  readonly version: string
}

/** Where a wheel's libraries come from, and what they are: written beside them, so that a later set-up can check them. */
interface UnpackedWheel extends Requirement {
  readonly sha256: string
  readonly files: readonly UnpackedFile[]
}

const lockName = 'nvidia.json'
/** Of an nvidia wheel only this is used at run time: libraries, and what XLA compiles with. */
const used = /^nvidia\/[^/]+\/(lib\/[^/]+\.so[^/]*|nvvm\/libdevice\/[^/]+|bin\/(ptxas|fatbinary|nvlink))$/

/**
 * The packages of an extra, of a wheel's metadata: lines such as `Requires-Dist: nvidia-cudnn-cu12==9.3.0.75; extra == "and-cuda"`.
 * @throws EnvironmentError for one that is not pinned to a version
 */
export function requirementsOf(metadata: string, extra: string): Requirement[] {
  const lines = metadata.split(/\r?\n/).filter((line) => line.startsWith('Requires-Dist:'))
  const wanted = lines.filter((line) => new RegExp(`extra\\s*==\\s*['"]${extra}['"]`).test(line))
  return wanted.map((line) => {
    const [, name, version] = /^Requires-Dist:\s*([\w.-]+)\s*\(?==\s*([\w.]+)\)?\s*;/.exec(line) ?? []
    if (name === undefined || version === undefined) throw new EnvironmentError(`the wheel does not pin what it needs for CUDA (${line}): report it`)
    return { name, version }
  })
}

async function metadataOf(wheel: string): Promise<string> {
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      if (!/^[^/]+\.dist-info\/METADATA$/.test(entry.fileName)) continue
      const chunks: Buffer[] = []
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    }
  } finally {
    zip.close()
  }
  throw new EnvironmentError(`${wheel} has no METADATA: run \`nasoa setup --gpu --force\``)
}

/**
 * Fetches the nvidia wheels that a TensorFlow wheel names for an extra, and unpacks what is used of them to `nvidia/` of the target,
 * one at a time, so that only one lies on the disk. Each is checked against the hash that pip's index gives.
 */
export async function fetchCuda(wheel: string, extra: string, pip: PipCommand, target: string, system: SetupSystem): Promise<void> {
  const requirements = requirementsOf(await metadataOf(wheel), extra)
  if (requirements.length === 0) throw new EnvironmentError(`${wheel} names no packages for '${extra}': use another TensorFlow`)
  const hashes = await pipHashes(pip, requirements, target, system)
  const unpacked: UnpackedWheel[] = []
  for (const [index, requirement] of requirements.entries()) {
    system.progress(`downloading ${requirement.name} ${requirement.version} (${index + 1} of ${requirements.length})`)
    const sha256 = hashes.get(requirement.name)
    if (sha256 === undefined) throw new EnvironmentError(`pip's index gives no SHA-256 for ${requirement.name} ${requirement.version}: use an index that has one`)
    const file = await pipDownloadRequirement(pip, requirement, target, system)
    await requireSha256(file, sha256)
    unpacked.push({ ...requirement, sha256, files: await unpackMatching(file, used, target) })
    await rm(file)
  }
  await writeFile(join(target, lockName), `${JSON.stringify(unpacked, null, 1)}\n`)
}

/** True if all that `fetchCuda` unpacked to a folder is there and unchanged. */
export async function isCudaIntact(folder: string): Promise<boolean> {
  try {
    const wheels = JSON.parse(await readFile(join(folder, lockName), 'utf8')) as UnpackedWheel[]
    for (const { entry, bytes, sha256 } of wheels.flatMap(({ files }) => files)) {
      const path = join(folder, entry)
      if ((await stat(path)).size !== bytes || (await sha256OfFile(path)) !== sha256) return false
    }
    return wheels.length > 0
  } catch {
    return false
  }
}
