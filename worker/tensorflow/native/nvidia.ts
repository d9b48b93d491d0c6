import { UnsupportedPlatformError } from './errors.js'
import { type CommandRunner, findProgram, lastLine } from './command.js'

/** A GPU, as nvidia-smi tells of it. */
export interface NvidiaGpu {
  /** As nvidia-smi counts, from 0. */
  readonly index: number
  /** Names it whatever else is visible, also to CUDA. */
  readonly uuid: string
  readonly name: string
  readonly memoryMib: number
  /** Such as `550.54.15`. */
  readonly driver: string
  /** Such as `9.0`; null where a driver is too old to tell. */
  readonly computeCapability: string | null
}

/** What nvidia-smi says: GPUs, or why there are none to be seen. */
export type NvidiaStatus = { readonly kind: 'gpus'; readonly gpus: readonly NvidiaGpu[] } | { readonly kind: 'none' } | { readonly kind: 'broken'; readonly reason: string }

/** CUDA 12 (any 12.x, by its minor version compatibility) runs on Linux drivers from here on (NVIDIA, CUDA compatibility guide). */
export const oldestDriver = '525.60.13'
/** Oldest GPUs for which TensorFlow 2.19 is compiled: Pascal. */
const oldestCapability = '6.0'

const fields = ['index', 'uuid', 'name', 'memory.total', 'driver_version', 'compute_cap']

/** Asks nvidia-smi, which comes with the driver. Never throws. */
export async function readNvidia(env: NodeJS.ProcessEnv, run: CommandRunner): Promise<NvidiaStatus> {
  const program = findProgram('nvidia-smi', env)
  if (program === null) return { kind: 'none' }
  const ask = (asked: readonly string[]) => run(program, [`--query-gpu=${asked.join(',')}`, '--format=csv,noheader,nounits'], { env })
  const complete = await ask(fields)
  // Drivers before 470 know no compute_cap; they are too old, which only the version tells.
  const { code, output } = complete.code === 0 ? complete : await ask(fields.slice(0, -1))
  const gpus = parseNvidia(output)
  if (code === 0 && gpus.length > 0) return { kind: 'gpus', gpus }
  if (/no devices were found/i.test(output)) return { kind: 'none' }
  return { kind: 'broken', reason: lastLine(output) }
}

/** @param text lines of `index, UUID, name, MiB, driver, compute capability` */
export function parseNvidia(text: string): NvidiaGpu[] {
  return text
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter(([index, , , memory, driver]) => /^\d+$/.test(index) && /^\d+$/.test(memory ?? '') && /^\d+(\.\d+)+$/.test(driver ?? ''))
    .map(([index, uuid, name, memory, driver, capability]) => {
      const computeCapability = /^\d+\.\d+$/.test(capability ?? '') ? capability : null
      return { index: Number(index), uuid, name, memoryMib: Number(memory), driver, computeCapability }
    })
}

/**
 * The GPU that a process uses, which takes the first that CUDA shows it; null where nvidia-smi does not list it.
 * @param visible CUDA_VISIBLE_DEVICES: numbers and UUIDs (or how they begin) with commas between; absent or empty = all
 */
export function firstVisibleGpu(status: NvidiaStatus, visible: string | undefined): NvidiaGpu | null {
  if (status.kind !== 'gpus') return null
  const first = visible?.split(',')[0].trim()
  if (!first) return status.gpus[0]
  return status.gpus.find(({ index, uuid }) => String(index) === first || (/^GPU-./.test(first) && uuid.startsWith(first))) ?? null
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number))
  const at = b.findIndex((part, index) => part !== (a[index] ?? 0))
  return at >= 0 && (a[at] ?? 0) < b[at]
}

/** Why TensorFlow's CUDA build cannot use a GPU, in one line with what to do; null where it can. */
export function problemOf({ name, driver, computeCapability }: Pick<NvidiaGpu, 'name' | 'driver' | 'computeCapability'>): string | null {
  if (isOlder(driver, oldestDriver)) return `the NVIDIA driver ${driver} is older than ${oldestDriver}, which CUDA 12 needs: update the driver`
  if (computeCapability !== null && isOlder(computeCapability, oldestCapability)) {
    return `${name} has compute capability ${computeCapability}, and TensorFlow needs ${oldestCapability}: use a newer GPU, or the CPU (nasoa setup --no-gpu)`
  }
  return null
}

/** Said before anything is downloaded. @throws UnsupportedPlatformError where a GPU is there but cannot be used */
export function requireUsable(status: NvidiaStatus, progress: (line: string) => void): void {
  if (status.kind === 'none') return progress('no NVIDIA GPU is to be seen here (no nvidia-smi, or it lists none): the CUDA build is set up all the same, and computes on the CPU until there is one')
  if (status.kind === 'broken') throw new UnsupportedPlatformError(`nvidia-smi fails (${status.reason}): mend the NVIDIA driver, or use the CPU (nasoa setup --no-gpu)`)
  const problem = status.gpus.map(problemOf).find((found) => found !== null)
  if (problem !== undefined) throw new UnsupportedPlatformError(problem)
}
