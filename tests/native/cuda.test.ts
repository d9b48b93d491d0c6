import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gpuChecks } from '../../cli/doctor/gpu.js'
import { type CommandRunner, runCommand } from '../../worker/tensorflow/native/command.js'
import { requirementsOf } from '../../worker/tensorflow/native/cuda.js'
import { fetchLibrary } from '../../worker/tensorflow/native/download.js'
import { HashMismatchError, MissingToolError, UnsupportedPlatformError } from '../../worker/tensorflow/native/errors.js'
import { linkLibrary } from '../../worker/tensorflow/native/link.js'
import { oldestDriver, parseNvidia, problemOf, readNvidia, requireUsable } from '../../worker/tensorflow/native/nvidia.js'
import { type Release, releaseFor } from '../../worker/tensorflow/native/release.js'
import type { SetupSystem } from '../../worker/tensorflow/native/setup-system.js'
import { chosenVariant, rememberVariant } from '../../worker/tensorflow/native/variant.js'
import { pathWith, temporaryFolder } from './fake-programs.js'
import { machineWith } from './fake-release.js'

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const silent = (): void => undefined

/** The metadata of tensorflow 2.19.1, the lines that matter and some that do not. */
const metadata = [
  'Metadata-Version: 2.1',
  'Name: tensorflow',
  'Requires-Dist: numpy<2.2.0,>=1.26.0',
  'Requires-Dist: nvidia-cublas-cu12==12.5.3.2; extra == "and-cuda"',
  "Requires-Dist: nvidia-cudnn-cu12 (==9.3.0.75) ; extra == 'and-cuda'",
  'Requires-Dist: tensorflow-text==2.19.0; extra == "text"',
  '',
  'nvidia-nothing==1.0; extra == "and-cuda"',
].join('\n')

describe('what a wheel names for CUDA', () => {
  it('is read from its metadata', () => {
    expect(requirementsOf(metadata, 'and-cuda')).toEqual([
      { name: 'nvidia-cublas-cu12', version: '12.5.3.2' },
      { name: 'nvidia-cudnn-cu12', version: '9.3.0.75' },
    ])
    expect(() => requirementsOf('Requires-Dist: nvidia-x>=1; extra == "and-cuda"', 'and-cuda')).toThrow(/does not pin what it needs/)
  })
})

function wheelOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  execFileSync('python3', ['-m', 'zipfile', '-c', name, ...readdirSync(folder)], { cwd: folder })
  return join(folder, name)
}

/** A small CUDA release, and a machine whose pip has its wheels. */
function cudaMachine(): { release: Release; machine: SetupSystem & { lines: string[] }; asked: string[][]; wheels: Record<string, string> } {
  const main = wheelOf('small-1.0.whl', {
    'tensorflow/libtensorflow_cc.so.2': 'library',
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    'tensorflow/include/tensorflow/c/c_api.h': '// C API',
    'tensorflow-2.19.1.dist-info/METADATA': metadata,
  })
  const wheels = {
    'nvidia-cublas-cu12': wheelOf('nvidia_cublas_cu12-12.5.3.2-py3-none-manylinux2014_x86_64.whl', {
      'nvidia/cublas/lib/libcublas.so.12': 'cublas',
      'nvidia/cublas/include/cublas.h': 'not needed',
      'nvidia/__init__.py': '',
    }),
    'nvidia-cudnn-cu12': wheelOf('nvidia_cudnn_cu12-9.3.0.75-py3-none-manylinux2014_x86_64.whl', { 'nvidia/cudnn/lib/libcudnn.so.9': 'cudnn' }),
  }
  const library = (entry: string, content: string) => ({ entry, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') })
  const release: Release = {
    ...releaseFor({ os: 'linux', arch: 'x64', libc: 'glibc' }, 'cuda'),
    wheel: { file: basename(main), bytes: readFileSync(main).length, sha256: sha256(main) },
    libraries: [library('tensorflow/libtensorflow_cc.so.2', 'library'), library('tensorflow/libtensorflow_framework.so.2', 'framework')],
  }
  const asked: string[][] = []
  const machine = machineWith(main)
  const run: CommandRunner = (program, args, options) => {
    asked.push([...args])
    const after = (option: string): string => args[args.indexOf(option) + 1]
    if (args.includes('--report')) {
      const install = Object.entries(wheels).map(([name, path]) => ({ metadata: { name }, download_info: { archive_info: { hashes: { sha256: sha256(path) } } } }))
      writeFileSync(after('--report'), JSON.stringify({ install }))
      return Promise.resolve({ code: 0, output: '' })
    }
    const wheel = Object.entries(wheels).find(([name]) => args.at(-1)?.startsWith(`${name}==`))?.[1]
    if (wheel === undefined) return machine.run(program, args, options)
    copyFileSync(wheel, join(after('--dest'), basename(wheel)))
    return Promise.resolve({ code: 0, output: '' })
  }
  return { release, machine: { ...machine, run }, asked, wheels }
}

describe('the CUDA build', () => {
  it('is the same version as the CPU build, and x64 only', () => {
    const platform = { os: 'linux', arch: 'x64', libc: 'glibc' }
    expect(releaseFor(platform, 'cuda').version).toBe(releaseFor(platform).version)
    expect(() => releaseFor({ ...platform, arch: 'arm64' }, 'cuda')).toThrow(/no CUDA build of TensorFlow 2\.19\.1 for linux-arm64/)
  })

  it('comes with exactly the packages that its wheel names, each in its pinned version, and nothing of them but what is used', async () => {
    const { release, machine, asked } = cudaMachine()
    const cache = temporaryFolder()
    const library = await fetchLibrary(cache, release, machine)
    const names = asked.flatMap((args) => args.filter((arg) => arg.startsWith('nvidia-')))
    expect([...new Set(names)].sort()).toEqual(['nvidia-cublas-cu12==12.5.3.2', 'nvidia-cudnn-cu12==9.3.0.75'])
    expect(asked.filter((args) => args.includes('download')).every((args) => args.includes('--no-deps'))).toBe(true)
    const nvidia = library.nvidia ?? ''
    expect(readFileSync(join(nvidia, 'cublas/lib/libcublas.so.12'), 'utf8')).toBe('cublas')
    expect(existsSync(join(nvidia, 'cublas/include'))).toBe(false)
    expect(readdirSync(join(nvidia, '..')).filter((name) => name.endsWith('.whl'))).toEqual([])
  })

  it('is fetched again where one of its libraries is damaged', async () => {
    const { release, machine } = cudaMachine()
    const cache = temporaryFolder()
    const { nvidia } = await fetchLibrary(cache, release, machine)
    await fetchLibrary(cache, release, machine)
    expect(machine.lines.filter((line) => line.includes('damaged'))).toEqual([])
    writeFileSync(join(nvidia ?? '', 'cudnn/lib/libcudnn.so.9'), 'cudNN')
    await fetchLibrary(cache, release, machine)
    expect(machine.lines.filter((line) => line.includes('damaged'))).toHaveLength(1)
    expect(readFileSync(join(nvidia ?? '', 'cudnn/lib/libcudnn.so.9'), 'utf8')).toBe('cudnn')
  })

  it("refuses a package that is not the one of pip's hash", async () => {
    const { release, machine, wheels } = cudaMachine()
    const cache = temporaryFolder()
    const run: CommandRunner = async (program, args, options) => {
      const result = await machine.run(program, args, options)
      if (args.includes('--report')) writeFileSync(wheels['nvidia-cudnn-cu12'], 'another wheel')
      return result
    }
    await expect(fetchLibrary(cache, release, { ...machine, run })).rejects.toBeInstanceOf(HashMismatchError)
    expect(readdirSync(join(cache, 'tensorflow'))).toEqual([])
  })

  it('says which pip can tell hashes', async () => {
    const { release, machine } = cudaMachine()
    const run: CommandRunner = (program, args, options) =>
      args.includes('--report') ? Promise.resolve({ code: 2, output: 'no such option: --report' }) : machine.run(program, args, options)
    await expect(fetchLibrary(temporaryFolder(), release, { ...machine, run })).rejects.toThrow(MissingToolError)
    await expect(fetchLibrary(temporaryFolder(), release, { ...machine, run })).rejects.toThrow(/is older than pip 22\.2/)
  })

  it("finds CUDA beside the link to itself: no path is the user's business", async () => {
    const folder = temporaryFolder()
    await linkLibrary({ name: 'x', main: '/x/libtensorflow_cc.so.2', framework: '/x/f.so.2', companions: [], include: '/x/include', nvidia: '/x/nvidia' }, { folder, version: '1' })
    expect(readlinkSync(join(folder, 'deps/lib/../nvidia'))).toBe('/x/nvidia')
  })

  it('stays chosen until the other one is', () => {
    const cache = temporaryFolder()
    expect(chosenVariant(cache)).toBe('cpu')
    rememberVariant(cache, 'cuda')
    expect(chosenVariant(cache)).toBe('cuda')
    rememberVariant(cache, 'cpu')
    expect(chosenVariant(cache)).toBe('cpu')
  })
})

describe('nvidia-smi', () => {
  const h100 = (index: number): string => `${index}, GPU-${index}, NVIDIA H100 80GB HBM3, 81559, 550.54.15, 9.0`

  it('tells name, memory, driver and compute capability of each GPU', async () => {
    const env = { PATH: pathWith({ 'nvidia-smi': `printf '${h100(0)}\\n${h100(1)}\\n'` }) }
    const gpu = { name: 'NVIDIA H100 80GB HBM3', memoryMib: 81559, driver: '550.54.15', computeCapability: '9.0' }
    const status = await readNvidia(env, runCommand)
    expect(status).toEqual({ kind: 'gpus', gpus: [0, 1].map((index) => ({ index, uuid: `GPU-${index}`, ...gpu })) })
    expect(gpuChecks(status, 'cuda', false)).toEqual([
      { name: 'gpu 0', ok: true, value: 'NVIDIA H100 80GB HBM3, 81559 MiB, driver 550.54.15, compute capability 9.0' },
      { name: 'gpu 1', ok: true, value: 'NVIDIA H100 80GB HBM3, 81559 MiB, driver 550.54.15, compute capability 9.0' },
    ])
    expect(gpuChecks(status, 'cpu', false)[0]).toMatchObject({ ok: true, advice: 'the CPU build is set up: run `nasoa setup --gpu` to use it' })
  })

  it('of an old driver, which knows no compute capability, still tells the version', async () => {
    const script = 'case "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\'; exit 2;; esac; echo "0, GPU-0, Tesla K80, 11441, 418.87.01"'
    const status = await readNvidia({ PATH: pathWith({ 'nvidia-smi': script }) }, runCommand)
    expect(status).toMatchObject({ kind: 'gpus', gpus: [{ driver: '418.87.01', computeCapability: null }] })
    const line = `the NVIDIA driver 418.87.01 is older than ${oldestDriver}, which CUDA 12 needs: update the driver`
    expect(gpuChecks(status, 'cuda', false)).toEqual([{ name: 'gpu 0', ok: false, value: 'Tesla K80, 11441 MiB, driver 418.87.01', advice: line }])
    expect(() => requireUsable(status, silent)).toThrow(UnsupportedPlatformError)
    expect(() => requireUsable(status, silent)).toThrow(line)
  })

  it.each([
    ['525.60.13', '7.0', null],
    ['525.60.12', '7.0', /driver 525\.60\.12 is older/],
    ['470.223.02', '7.0', /older/],
    ['1000.1', '12.0', null],
    ['550.1', '5.2', /compute capability 5\.2, and TensorFlow needs 6\.0/],
  ])('driver %s with capability %s', (driver, computeCapability, expected) => {
    const problem = problemOf({ name: 'GPU', driver, computeCapability })
    if (expected === null) expect(problem).toBeNull()
    else expect(problem).toMatch(expected)
  })

  it('that is missing, sees no device, or fails is told apart', async () => {
    const status = (script: string | null) => readNvidia({ PATH: pathWith(script === null ? {} : { 'nvidia-smi': script }) }, runCommand)
    expect(await status(null)).toEqual({ kind: 'none' })
    expect(await status('echo "No devices were found"; exit 6')).toEqual({ kind: 'none' })
    const broken = await status('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18')
    expect(broken).toEqual({ kind: 'broken', reason: 'Failed to initialize NVML: Driver/library version mismatch' })
    expect(gpuChecks({ kind: 'none' }, 'cpu', false)).toEqual([{ name: 'gpu', ok: true, value: 'none' }])
    expect(gpuChecks({ kind: 'none' }, 'cuda', false)[0].ok).toBe(false)
    expect(gpuChecks(broken, 'cpu', false)[0]).toMatchObject({ ok: false, advice: expect.stringMatching(/mismatch: mend the NVIDIA driver$/) as string })
    expect(() => requireUsable(broken, silent)).toThrow(/nvidia-smi fails \(Failed to initialize NVML/)
  })

  it('lines that are none are not taken for GPUs', () => {
    expect(parseNvidia('\nwarning: x, y, z\n')).toEqual([])
  })
})
