import { execFileSync } from 'node:child_process'
import os from 'node:os'

/**
 * Name of the device that times are measured on, equal for interchangeable ones: `NVIDIA H100 80GB HBM3`, or the processor's
 * model with the number of threads.
 */
export function deviceClass(isUsingGpu: boolean, threads: number | undefined): string {
  if (isUsingGpu) return gpuName()
  const count = threads ?? os.availableParallelism()
  return `${os.cpus()[0]?.model.trim() ?? process.arch}, ${count} thread${count === 1 ? '' : 's'}`
}

/** tfjs does not hand the name out. */
function gpuName(): string {
  const chosen = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0]
  try {
    const words = ['--query-gpu=name', '--format=csv,noheader', ...(chosen ? [`--id=${chosen}`] : [])]
    const names = execFileSync('nvidia-smi', words, { encoding: 'utf8', timeout: 10_000 })
    return names.split('\n')[0].trim() || 'GPU'
  } catch {
    return 'GPU'
  }
}
