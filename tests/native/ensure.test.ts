import { execFile } from 'node:child_process'
import { cpSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { packageRoot } from '../../shared/package-root.js'
import { ensureTensorFlow, findSetUpLibrary } from '../../worker/tensorflow/native/ensure.js'
import { UnsupportedPlatformError } from '../../worker/tensorflow/native/errors.js'
import { type SetupSystem, realSystem } from '../../worker/tensorflow/native/setup-system.js'
import { tfjsPackage } from '../../worker/tensorflow/native/tfjs-package.js'
import { temporaryFolder } from './fake-programs.js'

const run = promisify(execFile)

/** The real machine with a tfjs-node of its own, as after `npm ci` in a second checkout. */
function secondCheckout(overrides: Partial<SetupSystem> = {}): SetupSystem & { readonly lines: string[] } {
  const { folder, version } = tfjsPackage()
  const copy = temporaryFolder()
  for (const part of ['binding', 'binding.gyp', 'package.json']) cpSync(join(folder, part), join(copy, part), { recursive: true })
  const lines: string[] = []
  return { ...realSystem(line => void lines.push(line)), tfjs: () => ({ folder: copy, version }), ...overrides, lines }
}

/** A folder that nobody can make, not even root. */
function unwritable(): string {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  return join(file, 'cache')
}

const ensureOn = (system: SetupSystem) => ensureTensorFlow({ progress: system.progress, system })

beforeAll(async () => {
  await ensureBuilt()
  await ensureTensorFlow({ progress: line => console.error(line) })
})

describe('ensureTensorFlow', () => {
  it('sets a second checkout up from the cache, once, silent afterwards', async () => {
    const system = secondCheckout({ run: () => Promise.reject(new Error('neither pip nor a compiler is needed')) })
    expect(await findSetUpLibrary(system)).toBeNull()
    const first = await ensureOn(system)
    expect(first.alreadySetUp).toBe(false)
    expect(system.lines).toEqual([expect.stringContaining('checking TensorFlow'), 'TensorFlow is set up'])
    expect(await ensureOn(system)).toEqual({ ...first, alreadySetUp: true })
    expect(system.lines).toHaveLength(2)
    expect(readlinkSync(join(system.tfjs().folder, 'deps/lib/libtensorflow.so'))).toBe(first.libraryPath)
  })

  it('is done once when two ask at the same time', async () => {
    const system = secondCheckout()
    const results = await Promise.all([ensureOn(system), ensureOn(system)])
    expect(results.map(({ alreadySetUp }) => alreadySetUp).sort()).toEqual([false, true])
    expect(system.lines).toContain('waiting for another process that sets TensorFlow up')
  })

  it('notices a library or an addon that is gone', async () => {
    const system = secondCheckout()
    const { libraryPath } = await ensureOn(system)
    const { folder } = system.tfjs()
    rmSync(join(folder, 'lib'), { recursive: true })
    expect(await findSetUpLibrary(system)).toBeNull()
    await ensureOn(system)
    rmSync(join(folder, 'deps/lib/libtensorflow.so'))
    symlinkSync(`${libraryPath}.gone`, join(folder, 'deps/lib/libtensorflow.so'))
    expect(await findSetUpLibrary(system)).toBeNull()
  })

  it('refuses an unsupported platform before it touches anything', async () => {
    const system = secondCheckout({ platform: () => Promise.resolve({ os: 'linux', arch: 'x64', libc: 'musl' }), env: { NASOA_CACHE: unwritable() } })
    await expect(ensureOn(system)).rejects.toThrow(UnsupportedPlatformError)
  })

  it('says which cache folder it cannot write to', async () => {
    const cache = unwritable()
    await expect(ensureOn(secondCheckout({ env: { NASOA_CACHE: cache } }))).rejects.toThrow(`cannot lock ${cache}/tensorflow (ENOTDIR`)
  })

  it('compiles against a libtensorflow of the user, and says what it misses there', async () => {
    const { libraryPath } = await ensureOn(secondCheckout())
    const own = temporaryFolder()
    await expect(ensureOn(secondCheckout({ env: { NASOA_LIBTENSORFLOW: own } }))).rejects.toThrow(/holds no libtensorflow_cc\.so\.2/)
    symlinkSync(join(libraryPath, '..'), join(own, 'tensorflow'))
    const system = secondCheckout({ env: { ...process.env, NASOA_LIBTENSORFLOW: join(own, 'tensorflow'), NASOA_CACHE: join(own, 'cache') } })
    const result = await ensureOn(system)
    expect(result.library).toMatch(/^custom-/)
    expect(system.lines).toEqual(['compiling the TensorFlow addon', 'TensorFlow is set up'])
    expect(await findSetUpLibrary(system)).not.toBeNull()
  }, 300_000)
})

describe('loadTensorFlow', () => {
  /** Runs a module that has `tf` in a process of its own. */
  async function withTensorFlow(body: string, env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string; stderr: string }> {
    const folder = temporaryFolder()
    const load = join(packageRoot(), 'dist/worker/tensorflow/native/load.js')
    const script = join(folder, 'script.mjs')
    writeFileSync(script, `import { loadTensorFlow, nativeVersion } from ${JSON.stringify(load)}\n${body}`)
    return run(process.execPath, [script], { env: { ...process.env, ...env } })
  }

  it('computes with the pinned native library, and leaves stdout and stderr clean', async () => {
    const body = `const tf = await loadTensorFlow()
      const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]]))
      process.stdout.write(JSON.stringify([nativeVersion(tf), tf.getBackend(), product.arraySync()]))`
    const { stdout, stderr } = await withTensorFlow(body)
    expect(JSON.parse(stdout)).toEqual(['2.19.1', 'tensorflow', [[19, 22], [43, 50]]])
    expect(stderr).toBe('')
  })

  it('has the kernels that call functions removed from Node', async () => {
    const body = `const tf = await loadTensorFlow()
      process.stdout.write(JSON.stringify(tf.topk(tf.tensor1d([1, 3, 2]), 2).values.arraySync()))`
    expect((await withTensorFlow(body)).stdout).toBe('[3,2]')
  })

  it('starts as many threads as it is told', async () => {
    const body = `import { readdirSync } from 'node:fs'
      const tf = await loadTensorFlow({ intraOpThreads: Number(process.env.INTRA), interOpThreads: 1 })
      tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync()
      process.stdout.write(String(readdirSync('/proc/self/task').length))`
    const threads = async (count: number) => Number((await withTensorFlow(body, { INTRA: String(count) })).stdout)
    expect((await threads(7)) - (await threads(2))).toBe(5)
  })
})
