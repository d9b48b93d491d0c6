import { existsSync } from 'node:fs'
import { mkdtemp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../shared/package-root.js'
import { cacheFolder } from '../../worker/tensorflow/native/cache.js'
import { findProgram, lastLine, runCommand } from '../../worker/tensorflow/native/command.js'
import { withLocks } from '../../worker/tensorflow/native/setup-lock.js'
import { BenchError } from './bench-error.js'
import { LineProcess } from './line-process.js'

/** The yardstick's version, pinned so that tables of different days compare the engine and not PyTorch. */
export const torchVersion = '2.9.0'

/** How to start a Python that has PyTorch. */
export interface Torch {
  readonly python: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * A Python with PyTorch: that of NASOA_TORCH_PYTHON, else the pinned version, installed once into the cache folder (a few
 * minutes: outside of macOS and arm64 PyPI's wheel brings CUDA's libraries, about 3 GB, along).
 * @throws BenchError if there is none to be had
 */
export async function ensureTorch(progress: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Promise<Torch> {
  if (env.NASOA_TORCH_PYTHON) return { python: env.NASOA_TORCH_PYTHON, env }
  const python = await findPython(env)
  const folder = join(cacheFolder(env), 'torch', `torch-${torchVersion}-${await pythonTag(python, env)}`)
  if (!existsSync(folder)) {
    await withLocks([join(cacheFolder(env), 'torch')], progress, async () => {
      if (!existsSync(folder)) await install(python, folder, progress, env)
    })
  }
  return { python, env: { ...env, PYTHONPATH: folder } }
}

export function startTorch({ python, env }: Torch, threads: number, isCompiled: boolean): LineProcess {
  const script = join(packageRoot(), 'bench/train/torch_process.py')
  const threadsEnv = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) }
  return new LineProcess(isCompiled ? 'torch.compile' : 'PyTorch', python, [script, String(threads), ...(isCompiled ? ['compile'] : [])], { ...env, ...threadsEnv })
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  for (const name of [...(env.PYTHON ? [env.PYTHON] : []), 'python3', 'python']) {
    const program = findProgram(name, env)
    if (program !== null && (await runCommand(program, ['-m', 'pip', '--version'], { env })).code === 0) return program
  }
  throw new BenchError('PyTorch is not there: no Python 3 with pip on PATH to install it; name a Python that has it in NASOA_TORCH_PYTHON')
}

async function pythonTag(python: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, output } = await runCommand(python, ['-c', 'import sys; print("py%d%d" % sys.version_info[:2])'], { env })
  if (code !== 0) throw new BenchError(`${python} does not run: ${lastLine(output)}`)
  return output.trim()
}

async function install(python: string, folder: string, progress: (line: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true })
  const partial = await mkdtemp(join(folder, '..', 'partial-'))
  try {
    progress(`installing PyTorch ${torchVersion} with pip into ${folder} (once, a few minutes)`)
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-cache-dir', '--progress-bar', 'off']
    const target = ['--only-binary=:all:', '--target', join(partial, 'packages'), `torch==${torchVersion}`, 'numpy']
    const { code, output } = await runCommand(python, ['-m', 'pip', 'install', ...quiet, ...target], { env: { ...env, TMPDIR: partial } })
    if (code !== 0) throw new BenchError(`PyTorch is not there: pip could not install torch ${torchVersion}: ${lastLine(output)}`)
    await rename(join(partial, 'packages'), folder)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}
