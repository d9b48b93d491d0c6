import { execFileSync } from 'node:child_process'
import os from 'node:os'
import type { Precision, PrecisionChoice } from '../../shared/training/specification.js'
import type { Device } from '../tensorflow/layers/emission.js'
import { describeCpu } from '../tensorflow/native/cpu.js'
import { readCpuInfo } from '../tensorflow/native/platform.js'
import { fastestOnCpu, fastestOnGpu } from './fastest-precision.js'

/**
 * Name of the device that times are measured on, equal for interchangeable ones: `NVIDIA H100 80GB HBM3`, or the processor's
 * model with the number of threads.
 */
export function deviceClass(isUsingGpu: boolean, threads: number | undefined): string {
  if (isUsingGpu) return askNvidia('name') ?? 'GPU'
  const count = threads ?? os.availableParallelism()
  return `${os.cpus()[0]?.model.trim() ?? process.arch}, ${count} thread${count === 1 ? '' : 's'}`
}

/** What programs for this process's device are made with. */
export interface DeviceOptions {
  readonly device: Device
  /** Whether TensorFlow hands convolutions to oneDNN (on CPUs). */
  readonly oneDnn: boolean
  readonly precision: Precision
}

/** @param choice of the recipe; `auto` comes to what is fastest here */
export function deviceOptions(choice: PrecisionChoice, isUsingGpu: boolean): DeviceOptions {
  if (isUsingGpu) return { device: 'gpu', oneDnn: false, precision: choice === 'auto' ? fastestOnGpu(askNvidia('compute_cap')) : choice }
  const { features } = describeCpu(readCpuInfo())
  const oneDnn = process.arch === 'x64' && process.env.TF_ENABLE_ONEDNN_OPTS === '1'
  // Without oneDNN nobody uses the instructions for bfloat16.
  const device = oneDnn && features.includes('avx512_bf16') ? 'cpu_with_bfloat16' : 'cpu'
  return { device, oneDnn, precision: choice === 'auto' ? fastestOnCpu(oneDnn ? features : []) : choice }
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
