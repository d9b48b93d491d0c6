import { readFileSync } from 'node:fs'
import os from 'node:os'
import { packageRoot } from '../../shared/package-root.js'
import { describeCpu } from '../../worker/tensorflow/native/cpu.js'
import { readCpuInfo, requireVectorInstructions } from '../../worker/tensorflow/native/platform.js'
import { type Check, checkOf, failed, passed } from './check.js'

/** Node, CPU, cores and memory. */
export async function checkMachine(): Promise<Check[]> {
  const oldest = oldestNode()
  return [checkNode(process.versions.node, oldest), await checkCpu(), checkCores(), checkMemory(os.totalmem(), availableMemory())]
}

/** @param oldest lowest supported version, such as `20.19` */
export function checkNode(version: string, oldest: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
  const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
  const value = `${version} (${process.platform}-${process.arch})`
  return isNew ? passed('node', value) : failed('node', value, `install Node ${oldest} or newer`)
}

function oldestNode(): string {
  const { engines } = JSON.parse(readFileSync(`${packageRoot()}/package.json`, 'utf8')) as { engines: { node: string } }
  return engines.node.replace(/^>=/, '')
}

function checkCpu(): Promise<Check> {
  return checkOf('cpu', () => {
    const cpuInfo = readCpuInfo()
    requireVectorInstructions(process.arch, cpuInfo)
    const { model, features } = describeCpu(cpuInfo)
    return `${model}: ${features.join(' ')}`
  })
}

function checkCores(): Check {
  const quota = coreQuota(readOr('/sys/fs/cgroup/cpu.max', 'max'))
  const cores = os.availableParallelism()
  return passed('cores', quota !== null && quota < cores ? `${cores}, of which the container may use ${quota}` : String(cores))
}

/**
 * Cores that a container may use, or null without a limit.
 * @param cpuMax contents of the control group's cpu.max: quota and period in microseconds
 */
export function coreQuota(cpuMax: string): number | null {
  const [quota, period] = cpuMax.trim().split(/\s+/).map(Number)
  return quota === undefined || period === undefined || Number.isNaN(quota) ? null : quota / period
}

const leastMemoryBytes = 1e9

export function checkMemory(totalBytes: number, availableBytes: number): Check {
  const value = `${gigabytes(totalBytes)}, ${gigabytes(availableBytes)} available`
  if (availableBytes >= leastMemoryBytes) return passed('memory', value)
  return failed('memory', value, `a training process needs about ${gigabytes(leastMemoryBytes)}: stop other programs or use a larger machine`)
}

/** Linux counts caches that it would give back as used; only MemAvailable leaves them out. */
function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s*(\d+) kB/m.exec(readOr('/proc/meminfo', ''))?.[1]
  return kilobytes === undefined ? os.freemem() : Number(kilobytes) * 1024
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
