import { readFileSync } from 'node:fs'
import { family } from 'detect-libc'
import { messageOf } from '../../../shared/errors.js'
import { UnsupportedPlatformError } from './errors.js'
import type { Platform } from './release.js'

/** The platform of the running process. */
export async function currentPlatform(): Promise<Platform> {
  return { os: process.platform, arch: process.arch, libc: await family() }
}

/**
 * The x64 wheel is compiled for AVX and dies of an illegal instruction without it, so that is refused beforehand.
 * @param cpuInfo contents of /proc/cpuinfo
 * @throws UnsupportedPlatformError
 */
export function requireVectorInstructions(arch: string, cpuInfo: string): void {
  if (arch !== 'x64' || !/^flags\s*:/m.test(cpuInfo) || /^flags\s*:.*\bavx\b/m.test(cpuInfo)) return
  throw new UnsupportedPlatformError('this CPU has no AVX instructions, which TensorFlow needs: use another machine')
}

/** Contents of /proc/cpuinfo; Linux is the only supported system. */
export function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch (error) {
    throw new UnsupportedPlatformError(`cannot read /proc/cpuinfo (${messageOf(error)}): mount /proc`, {}, { cause: error })
  }
}
