import os from 'node:os'
import { plural } from '../../shared/plural.js'
import type { Precision, PrecisionChoice } from '../../shared/training/specification.js'
import type { Device } from '../tensorflow/layers/emission.js'
import { type CommandRunner, runCommand } from '../tensorflow/native/command.js'
import { describeCpu } from '../tensorflow/native/cpu.js'
import { firstVisibleGpu, readNvidia } from '../tensorflow/native/nvidia.js'
import { readCpuInfo } from '../tensorflow/native/platform.js'
import { fastestOnCpu, fastestOnGpu } from './fastest-precision.js'

/** What this process computes on. */
export type ComputeDevice =
  | { readonly kind: 'cpu'; readonly deviceClass: string }
  | { readonly kind: 'gpu'; readonly deviceClass: string; /** Such as `9.0`; null where the driver does not tell. */ readonly computeCapability: string | null }

/**
 * Name of the processor as a device that times are measured on, equal for interchangeable ones: its model with the number of threads.
 * That of a GPU is its own, such as `NVIDIA H100 80GB HBM3`.
 */
export function cpuClass(threads: number | undefined): string {
  const count = threads ?? os.availableParallelism()
  return `${os.cpus()[0]?.model.trim() ?? process.arch}, ${plural(count, 'thread')}`
}

/** Asks the driver about the GPU, of which tfjs tells nothing. Never throws. */
export async function computeDevice(isUsingGpu: boolean, threads?: number, env: NodeJS.ProcessEnv = process.env, run: CommandRunner = runCommand): Promise<ComputeDevice> {
  if (!isUsingGpu) return { kind: 'cpu', deviceClass: cpuClass(threads) }
  const gpu = firstVisibleGpu(await readNvidia(env, run), env.CUDA_VISIBLE_DEVICES)
  return { kind: 'gpu', deviceClass: gpu?.name ?? 'GPU', computeCapability: gpu?.computeCapability ?? null }
}

/** What programs for this process's device are made with. */
export interface DeviceOptions {
  readonly device: Device
  /** Whether TensorFlow hands convolutions to oneDNN (on CPUs). */
  readonly oneDnn: boolean
  readonly precision: Precision
}

/** @param choice of the recipe; `auto` comes to what is fastest here */
export function deviceOptions(choice: PrecisionChoice, device: ComputeDevice): DeviceOptions {
  if (device.kind === 'gpu') return { device: 'gpu', oneDnn: false, precision: choice === 'auto' ? fastestOnGpu(device.computeCapability) : choice }
  const { features } = describeCpu(readCpuInfo())
  const oneDnn = process.arch === 'x64' && process.env.TF_ENABLE_ONEDNN_OPTS === '1'
  // Without oneDNN nobody uses the instructions for bfloat16.
  const cpu = oneDnn && features.includes('avx512_bf16') ? 'cpu_with_bfloat16' : 'cpu'
  return { device: cpu, oneDnn, precision: choice === 'auto' ? fastestOnCpu(oneDnn ? features : []) : choice }
}
