import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import util from 'node:util'
import type * as tfjs from '@tensorflow/tfjs-node-gpu'
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js'
import { EnvironmentError, messageOf } from '../../../shared/errors.js'
import { ensureTensorFlow } from './ensure.js'
import { type TfjsPackage, dependencyFolder, tfjsPackage, tfjsPackageName } from './tfjs-package.js'

/** The module `@tensorflow/tfjs-node-gpu`. */
export type TensorFlow = typeof tfjs
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-node-gpu'

export interface LoadOptions {
  /** Called with one line per step of a set-up that is still to be done; default: stderr. */
  readonly progress?: (line: string) => void
  /** Threads that share the work of one operation; default: the user's TF_NUM_INTRAOP_THREADS, else all cores. */
  readonly intraOpThreads?: number
  /** Operations that run at the same time (two at most with CUDA); default: the user's TF_NUM_INTEROP_THREADS, else all cores. */
  readonly interOpThreads?: number
}

/** Threads that launch kernels on a GPU: more of them wait for each other at the driver's door. */
const launchThreads = 2

let loaded: TensorFlow | undefined

/**
 * TensorFlow, set up first where it is not. The only way to load tfjs-node: the order matters, because the native
 * library reads its environment variables once. Later calls return the same module and ignore their options.
 * @throws what `ensureTensorFlow` throws; EnvironmentError if the native library does not load
 */
export async function loadTensorFlow(options: LoadOptions = {}): Promise<TensorFlow> {
  if (loaded !== undefined) return loaded
  await ensureTensorFlow({ progress: options.progress ?? toStderr })
  setNativeEnvironment(options, tfjsPackage())
  restoreRemovedUtilities()
  loaded = requireQuietly()
  return loaded
}

/** Version of the native library, as it says itself, such as `2.19.1`. */
export function nativeVersion(tf: TensorFlow): string {
  return binding(tf).TF_Version
}

/** True if TensorFlow found a GPU and uses it. */
export function isUsingGpu(tf: TensorFlow): boolean {
  return binding(tf).isUsingGpuDevice()
}

function binding(tf: TensorFlow): NodeJSKernelBackend['binding'] {
  return (tf.backend() as NodeJSKernelBackend).binding
}

function toStderr(line: string): void {
  process.stderr.write(`nasoa: ${line}\n`)
}

function setNativeEnvironment({ intraOpThreads, interOpThreads }: LoadOptions, tfjs: TfjsPackage): void {
  // TensorFlow turns oneDNN on by itself only on CPUs with AVX512-VNNI, but convolutions gain from it on all.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  // 2 = errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  // Else the first process takes the whole memory of a GPU, and a second slot finds none.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  // Batch normalization of float16 maps as they lie (NHWC), and fused with ReLU; else each is transposed to NCHW and back.
  process.env.TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT ??= '1'
  const cuda = join(dependencyFolder(tfjs), 'nvidia')
  // XLA looks for libdevice where the whole toolkit would be; the wheel of nvcc has it.
  const toolkit = join(cuda, 'cuda_nvcc')
  if (existsSync(toolkit)) process.env.XLA_FLAGS ??= `--xla_gpu_cuda_data_dir=${toolkit}`
  if (intraOpThreads !== undefined) process.env.TF_NUM_INTRAOP_THREADS = String(intraOpThreads)
  if (interOpThreads !== undefined) process.env.TF_NUM_INTEROP_THREADS = String(existsSync(cuda) ? Math.min(interOpThreads, launchThreads) : interOpThreads)
  else if (existsSync(cuda)) process.env.TF_NUM_INTEROP_THREADS ??= String(launchThreads)
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed. */
function restoreRemovedUtilities(): void {
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean }
  legacy.isNullOrUndefined ??= value => value === null || value === undefined
}

/** stdout belongs to the command's result; deprecations inside tfjs's dependencies are none of the user's business. */
function requireQuietly(): TensorFlow {
  const { noDeprecation } = process
  const { log, info } = console
  process.noDeprecation = true
  console.log = console.info = console.error
  try {
    return createRequire(import.meta.url)(tfjsPackageName) as TensorFlow
  } catch (error) {
    throw new EnvironmentError(`the native TensorFlow does not load (${messageOf(error)}): run \`nasoa setup --force\``, {}, { cause: error })
  } finally {
    Object.assign(process, { noDeprecation: noDeprecation ?? false })
    Object.assign(console, { log, info })
  }
}
