import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { describeCpu } from '../tensorflow/native/cpu.js'
import { readCpuInfo } from '../tensorflow/native/platform.js'
import type { Precision, PrecisionChoice } from '../../shared/training/specification.js'
import { fastestPrecision } from './fastest-precision.js'

/**
 * Name of the device that times are measured on, equal for interchangeable ones: `NVIDIA H100 80GB HBM3`, or the processor's
 * model with the number of threads.
 */
export function deviceClass(isUsingGpu: boolean, threads: number | undefined): string {
  if (isUsingGpu) return askNvidia('name') ?? 'GPU'
  const count = threads ?? os.availableParallelism()
  return `${os.cpus()[0]?.model.trim() ?? process.arch}, ${count} thread${count === 1 ? '' : 's'}`
}

/** The precision that a choice comes to on this process's device. */
export function precisionOf(choice: PrecisionChoice, isUsingGpu: boolean): Precision {
  if (choice !== 'auto') return choice
  return fastestPrecision(isUsingGpu ? { kind: 'gpu', computeCapability: askNvidia('compute_cap') } : { kind: 'cpu', features: describeCpu(readCpuInfo()).features })
}

/** What tfjs does not hand out about the GPU that this process uses; null where nvidia-smi does not tell either. */
function askNvidia(property: 'name' | 'compute_cap'): string | null {
  const chosen = process.env.CUDA_VISIBLE_DEVICES?.split(',')[0]
  try {
    const words = [`--query-gpu=${property}`, '--format=csv,noheader', ...(chosen ? [`--id=${chosen}`] : [])]
    const answer = execFileSync('nvidia-smi', words, { encoding: 'utf8', timeout: 10_000 })
    return answer.split('\n')[0].trim() || null
  } catch {
    return null
  }
}
