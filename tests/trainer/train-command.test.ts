import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { packageRoot } from '../../shared/package-root.js'
import { imageNetFolder, temporaryFolder } from '../data/image-files.js'
import { colouredClasses } from './coloured-classes.js'

beforeAll(() => ensureBuilt())

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `nasoa` to its end; `onLine` sees stderr as it comes. */
async function nasoa(words: readonly string[], onStderr: (text: string, child: ChildProcess) => void = () => undefined): Promise<Finished> {
  const child = spawn(process.execPath, [join(packageRoot(), 'bin/nasoa.js'), ...words], { cwd: temporaryFolder() })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    onStderr(stderr, child)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const small = ['--batch', '8', '--augmentation', 'pad-crop', '--threads', '1', '--json']

describe('nasoa train', () => {
  test('prints one JSON document on stdout, progress on stderr, and takes the size of small square images', async () => {
    const data = await colouredClasses(16, 32, 8)
    writeFileSync(join(data, 'train/red/broken.JPEG'), 'x')
    const output = temporaryFolder()
    const { code, stdout, stderr } = await nasoa(['train', '020-_8_1-2', '--data', data, '--epochs', '3', '--learning-rate', '0.05', '--output', output, ...small])
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as Record<string, unknown>
    expect(result).toMatchObject({
      encoding: '020-_8_1-2',
      outcome: 'succeeded',
      epochs: 3,
      images: { train: 64, val: 16, unreadable: 1 },
      checkpoint: join(output, 'last.safetensors'),
    })
    expect(result.top1).toBeGreaterThan(0.9)
    expect(result.imagesPerSecond).toBeCloseTo(8000 / (result.stepMs as number))
    expect(stderr).toMatch(/skipped "train\/red\/broken\.JPEG"/)
    expect(result.dataWaitShare).toBeGreaterThanOrEqual(0)
    expect(result.dataWaitShare).toBeLessThan(1)
    expect(stderr).toMatch(/epoch 3\/3: loss .*% waiting for images/)
  })

  test('auto is the precision that suits the device, and the result says which', async () => {
    const data = await colouredClasses(16, 16, 4)
    const { code, stdout, stderr } = await nasoa(['train', '020-_8_1-2', '--data', data, '--epochs', '1', '--precision', 'auto', ...small])
    expect(code).toBe(0)
    const { precision } = JSON.parse(stdout) as { precision: string }
    expect(['float32', 'bfloat16', 'float16']).toContain(precision)
    expect(stderr).toContain(`, ${precision}, on `)
  })

  test('Ctrl-C keeps what there is and exits with 130', async () => {
    const data = await colouredClasses(16, 32, 8)
    let interrupted = false
    const { code, stdout } = await nasoa(['train', '020-_8_1-2', '--data', data, '--epochs', '10000', ...small], (stderr, child) => {
      if (interrupted || !stderr.includes('epoch 2/')) return
      interrupted = true
      child.kill('SIGINT')
    })
    expect(code).toBe(130)
    const result = JSON.parse(stdout) as { epochs: number; checkpoint: string }
    expect(result).toMatchObject({ outcome: 'cancelled', images: { train: 64, val: 16, unreadable: 0 } })
    expect(result.epochs).toBeGreaterThanOrEqual(2)
    expect(result.checkpoint).toMatch(/nasoa-train/)
  })

  test('a training that diverges is a result', async () => {
    const data = await colouredClasses(16, 8, 4)
    const words = ['train', '020-_8_1-2', '--data', data, '--epochs', '2', ...small, '--learning-rate', '1000', '--warmup', '0']
    const { code, stdout } = await nasoa(words)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'diverged', imagesPerSecond: null })
  })

  test('images that cannot be read end it with one line, and the code for wrong input', async () => {
    const data = await imageNetFolder({ classes: ['a', 'b'], train: 4, val: 2 })
    for (let index = 0; index < 4; index++) writeFileSync(join(data, `val/a/broken-${index}.jpg`), 'x')
    const { code, stdout, stderr } = await nasoa(['train', '020-_8_1-2', '--data', data, '--epochs', '1', ...small])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_input', message: expect.stringMatching(/cannot be read, more than the limit of 10 %/) as string } })
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^nasoa: /)
  })

  test.each([
    [['9', '--epochs', '1'], /invalid encoding "9"/],
    [['020-_8_1', '--epochs', '0'], /--epochs must be an integer from 1 to/],
    [['020-_8_1', '--epochs', '1', '--batch', '64'], /fewer than one batch of 64; use a batch of at most 8/],
    [['020-_8_1', '--epochs', '1', '--resume', '--batch', '8'], /--resume: there is no checkpoint/],
    [['020-_8_1', '--epochs', '1', '--batch', '8', '--classes', '3'], /asks for 3 classes, ".*" has 2/],
    [['020-_8_1', '--epochs', '1', '--time-limit', 'soon'], /--time-limit: "soon" is not a duration/],
    [['020-_8_1', '--epochs', '1', '--seed', '-1'], /--seed must be an integer from 0/],
  ])('refuses wrong input before TensorFlow is loaded: %j', async (words, message) => {
    const data = await imageNetFolder({ classes: ['a', 'b'], train: 4, val: 2 })
    const { code, stdout, stderr } = await nasoa(['train', '--data', data, ...words])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('nasoa bench train', () => {
  test.each(['--all', '--networks=020-_8_1-2'])('refuses %s beside one network', async (option) => {
    const { code, stdout } = await nasoa(['bench', 'train', '--encoding', '020-_8_1-2', option, '--json'])
    expect(code).toBe(2)
    expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toMatch(/give one of them/)
  })

  test.each(['float32', 'bfloat16', 'float16'])('prints the step time and what it was measured on, in %s', async (precision) => {
    const words = ['bench', 'train', '--precision', precision, '--encoding', '020-_8_1-2', '--batch', '4', '--resolution', '16', '--classes', '3', '--threads', '1', '--json']
    const { code, stdout } = await nasoa(words)
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as { imagesPerSecond: number; stepMs: { median: number; p10: number; p90: number } }
    expect(result).toMatchObject({ precision, device: expect.stringMatching(/1 thread$/) as string, tensorflow: expect.stringMatching(/^2\./) as string })
    expect(result.imagesPerSecond).toBeCloseTo(4000 / result.stepMs.median)
    expect(result.stepMs.p10).toBeLessThanOrEqual(result.stepMs.median)
  })
})
