import { cacheFolder } from '../../worker/tensorflow/native/cache.js'
import { runCommand } from '../../worker/tensorflow/native/command.js'
import { type NvidiaGpu, type NvidiaStatus, problemOf, readNvidia } from '../../worker/tensorflow/native/nvidia.js'
import type { Variant } from '../../worker/tensorflow/native/release.js'
import { chosenVariant } from '../../worker/tensorflow/native/variant.js'
import { type Check, failed, passed } from './check.js'

/** NVIDIA's GPUs and whether the TensorFlow that is chosen here can use them. */
export async function checkGpus(env: NodeJS.ProcessEnv): Promise<Check[]> {
  return gpuChecks(await readNvidia(env, runCommand), chosenVariant(cacheFolder(env)), env.NASOA_LIBTENSORFLOW !== undefined)
}

/** @param isOwnLibrary whether the user names a libtensorflow, so that the build is none of ours */
export function gpuChecks(status: NvidiaStatus, variant: Variant, isOwnLibrary: boolean): Check[] {
  switch (status.kind) {
    case 'none':
      if (variant === 'cpu' || isOwnLibrary) return [passed('gpu', 'none')]
      return [failed('gpu', 'none', 'the CUDA build is set up, but nvidia-smi shows no GPU: mend the driver, or run `nasoa setup --no-gpu`')]
    case 'broken':
      return [failed('gpu', 'nvidia-smi fails', `${status.reason}: mend the NVIDIA driver`)]
    case 'gpus':
      return status.gpus.map((gpu, index) => gpuCheck(`gpu ${index}`, gpu, variant === 'cpu' && !isOwnLibrary))
  }
}

function gpuCheck(name: string, gpu: NvidiaGpu, isIdle: boolean): Check {
  const capability = gpu.computeCapability === null ? '' : `, compute capability ${gpu.computeCapability}`
  const value = `${gpu.name}, ${gpu.memoryMib} MiB, driver ${gpu.driver}${capability}`
  const problem = problemOf(gpu)
  if (problem !== null) return failed(name, value, problem)
  return isIdle ? { ...passed(name, value), advice: 'the CPU build is set up: run `nasoa setup --gpu` to use it' } : passed(name, value)
}
