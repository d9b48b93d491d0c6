import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Check } from '../../cli/doctor/check.js'
import { checkData } from '../../cli/doctor/folders.js'
import { checkNode, checkMemory, coreQuota } from '../../cli/doctor/machine.js'
import { packageRoot } from '../../shared/package-root.js'
import { describeCpu } from '../../worker/tensorflow/native/cpu.js'
import { ensureTensorFlow } from '../../worker/tensorflow/native/ensure.js'
import { readOneDnnLog } from '../../worker/tensorflow/native/probe-tensorflow.js'
import { temporaryFolder } from './fake-programs.js'

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function nasoa(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const args = [join(packageRoot(), 'bin/nasoa.js'), ...words]
  return new Promise(resolve => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

async function doctor(words: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; checks: Map<string, Check> }> {
  const { code, stdout } = await nasoa(['doctor', '--json', ...words], env)
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
  expect(ok).toBe(code === 0)
  return { code, checks: new Map(checks.map(check => [check.name, check])) }
}

beforeAll(() => ensureTensorFlow({ progress: line => console.error(line) }))

describe('nasoa doctor', () => {
  it('sees the native library at work', async () => {
    const { code, checks } = await doctor()
    expect(code).toBe(0)
    expect(checks.get('tensorflow')?.value).toMatch(/^2\.19\.1 \(\/.*libtensorflow_cc\.so\.2\)$/)
    expect(checks.get('onednn')?.value).toMatch(/^on\b/)
    expect([...checks.values()].every(({ advice }) => advice === undefined)).toBe(true)
  })

  it('sees oneDNN switched off', async () => {
    const { code, checks } = await doctor([], { TF_ENABLE_ONEDNN_OPTS: '0' })
    expect(code).toBe(1)
    expect(checks.get('onednn')).toMatchObject({ ok: false, value: 'off', advice: expect.stringContaining('unset it') as string })
  })

  it('works without a set-up, and advises one', async () => {
    const { code, checks } = await doctor([], { NASOA_CACHE: temporaryFolder() })
    expect(code).toBe(1)
    expect(checks.get('tensorflow')).toEqual({ name: 'tensorflow', ok: false, value: 'not set up', advice: 'run `nasoa setup`' })
    expect(checks.get('pip')?.ok).toBe(true)
  })

  it('names the tools that a set-up would miss', async () => {
    const { checks } = await doctor([], { NASOA_CACHE: temporaryFolder(), PATH: '' })
    expect(checks.get('pip')?.advice).toContain('apt install python3-pip')
    expect(checks.get('compiler')?.advice).toContain('make')
  })

  it('reports a libtensorflow folder that holds none', async () => {
    const { code, checks } = await doctor([], { NASOA_LIBTENSORFLOW: temporaryFolder() })
    expect(code).toBe(1)
    expect(checks.get('tensorflow')?.advice).toContain('NASOA_LIBTENSORFLOW')
  })

  it('checks the layout of a data folder', async () => {
    const data = temporaryFolder()
    expect(await checkData(join(data, 'none'))).toMatchObject({ ok: false, advice: expect.stringContaining('train/<class>/') as string })
    for (const name of ['train', 'val']) mkdirSync(join(data, name))
    expect(await checkData(data)).toMatchObject({ ok: false, advice: expect.stringContaining('one folder per class') as string })
    for (const name of ['train/cat', 'train/dog', 'val/cat']) mkdirSync(join(data, name))
    expect((await doctor(['--data', data])).checks.get('data')).toEqual({ name: 'data', ok: true, value: `${data}: 2 classes` })
    mkdirSync(join(data, 'val/cow'))
    expect((await checkData(data)).advice).toContain('cow')
  })

  it('knows shards and the layout of ILSVRC, and says what is missing there', async () => {
    const shards = temporaryFolder()
    writeFileSync(join(shards, 'train-0.tar'), '')
    expect(await checkData(shards)).toEqual({ name: 'data', ok: true, value: `${shards}: 1 tar shards without an index` })
    const data = temporaryFolder()
    for (const name of ['train/n01440764', 'val']) mkdirSync(join(data, name), { recursive: true })
    for (const name of ['train/n01440764/1.JPEG', 'val/ILSVRC2012_val_00000001.JPEG']) writeFileSync(join(data, name), 'x')
    expect(await checkData(data)).toMatchObject({ ok: false, advice: expect.stringMatching(/put one of these beside train and val/) as string })
    writeFileSync(join(data, 'LOC_val_solution.csv'), 'ILSVRC2012_val_00000001,n01440764 1 2 3 4\n')
    expect(await checkData(data)).toEqual({ name: 'data', ok: true, value: `${data}: 1 classes as ILSVRC lays them out` })
  })

  it('prints advice on a line of its own for people', async () => {
    const { stdout } = await nasoa(['doctor'], { NASOA_CACHE: temporaryFolder() })
    expect(stdout).toMatch(/^FAIL {2}tensorflow\s+not set up\n\s+-> run `nasoa setup`$/m)
  })
})

describe('nasoa setup', () => {
  it('has nothing to do the second time', async () => {
    const { code, stdout, stderr } = await nasoa(['setup', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ alreadySetUp: true })
    expect(stderr).not.toContain('TensorFlow')
    expect((await nasoa(['setup'])).stderr).toContain('already set up')
  })

  it('fails with one line that says what to do', async () => {
    const { code, stdout, stderr } = await nasoa(['setup', '--json'], { NASOA_CACHE: temporaryFolder(), PATH: '' })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'missing_tool', tool: 'pip' } })
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^nasoa: no Python with pip on PATH/)
  })
})

describe('what the machine says', () => {
  it('reads CPU features of both architectures', () => {
    expect(describeCpu('model name\t: Xeon\nflags\t\t: fpu avx avx2 fma avx512f avx512_vnni amx_bf16\n')).toEqual({
      model: 'Xeon',
      features: ['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'amx_bf16'],
    })
    expect(describeCpu('Features\t: fp asimd sve bf16\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n')).toEqual({
      model: 'arm64 0x41/0xd40',
      features: ['asimd', 'sve', 'bf16'],
    })
  })

  it('reads a container limit', () => {
    expect(coreQuota('150000 100000\n')).toBe(1.5)
    expect(coreQuota('max 100000\n')).toBeNull()
  })

  it('compares versions by number', () => {
    expect(checkNode('20.9.0', '20.19').ok).toBe(false)
    expect(checkNode('20.19.0', '20.19').ok).toBe(true)
    expect(checkNode('22.0.0', '20.19').ok).toBe(true)
  })

  it('warns of little memory', () => {
    expect(checkMemory(4e9, 3e8)).toMatchObject({ ok: false, value: '4.0 GB, 0.3 GB available' })
    expect(checkMemory(4e9, 3e9).ok).toBe(true)
  })

  it('tells a oneDNN convolution from its matrix product, which TensorFlow uses either way', () => {
    const head = 'onednn_verbose,info,cpu,isa:Intel AVX2\n'
    expect(readOneDnnLog(`${head}onednn_verbose,primitive,exec,cpu,convolution,x64:gemm:jit,forward_training`)).toEqual({ oneDnn: true, oneDnnIsa: 'Intel AVX2' })
    expect(readOneDnnLog(`${head}onednn_verbose,primitive,exec,cpu,gemm_api,,undef,src`)).toEqual({ oneDnn: false, oneDnnIsa: 'Intel AVX2' })
  })
})
