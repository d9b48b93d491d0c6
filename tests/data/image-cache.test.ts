import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { packageRoot } from '../../shared/package-root.js'
import { augmentations } from '../../shared/training/specification.js'
import { type Dataset, type DatasetOptions, openDataset } from '../../worker/data/dataset.js'
import { listCacheFolders } from '../../worker/data/image-cache/cache-folders.js'
import { imageCacheSettings } from '../../worker/data/image-cache/cache-settings.js'
import type { ImageBatch } from '../../worker/data/image-batch.js'
import { imageNetFolder, temporaryFolder } from './image-files.js'

beforeAll(() => ensureBuilt())

const recipe = { resolution: 16, batch: 4, augmentation: 'resized-crop', seed: 3 } as const
/** Of each 24 x 24 image: 18 x 18 x 3 bytes. */
const imageBytes = 972

let folder: string
let root: string
let lines: string[]

beforeEach(async () => {
  folder = await imageNetFolder({ classes: ['x', 'y'], train: 8, val: 3, side: 24 })
  // A time that can be set again exactly.
  for (const path of sources()) utimesSync(path, new Date(2021, 1, 1), new Date(2021, 1, 1))
  root = join(temporaryFolder(), 'images')
  lines = []
})

const open = (changes: Partial<DatasetOptions> = {}): Promise<Dataset> =>
  openDataset({ directory: folder, subset: { seed: 1 }, recipe, unreadableLimit: 1, log: (line) => lines.push(line), imageCache: { root }, cacheBytes: 0, ...changes })

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

/** One epoch and its evaluation. */
async function passes(dataset: Dataset, epoch = 0): Promise<ImageBatch[]> {
  return [...(await collect(dataset.trainBatches(epoch))), ...(await collect(dataset.validationBatches()))]
}

const reference = async (epoch = 0): Promise<ImageBatch[]> => passes(await open({ imageCache: null }), epoch)

function files(extension = ''): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(extension)).map((name) => join(root, name))
}

const segments = (): string[] => files('.images')

/** What is on the disk is no image any more, and looks unchanged unless its time says otherwise. */
function spoil(path: string, modified?: Date): void {
  const { size, mtime } = statSync(path)
  writeFileSync(path, Buffer.alloc(size))
  utimesSync(path, mtime, modified ?? mtime)
}

const sources = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.JPEG')).map((name) => join(folder, name))

describe('resized images on the disk', () => {
  test.each(augmentations)('give the same batches as decoding (%s)', async (augmentation) => {
    const options = { recipe: { ...recipe, augmentation } }
    const expected = await passes(await open({ ...options, imageCache: null }), 1)
    await passes(await open(options))
    expect(await passes(await open(options), 1)).toEqual(expected)
    expect(lines).toEqual([])
  })

  test('are decoded once, for all trainings and augmentations of the resolution', async () => {
    await passes(await open())
    const expected = await reference(1)
    sources().forEach((path) => spoil(path))
    expect(await passes(await open(), 1)).toEqual(expected)
    expect((await passes(await open({ recipe: { ...recipe, augmentation: 'pad-crop' } }))).length).toBe(expected.length)
    const other = await open({ recipe: { ...recipe, resolution: 24 } })
    await expect(passes(other)).rejects.toThrow(/no image of the train split/)
  })

  test('are used by a larger subset, which adds what it has more', async () => {
    await passes(await open({ subset: { seed: 1, imagesPerClass: 3 } }))
    const before = segments()
    await passes(await open())
    expect(segments()).toEqual(expect.arrayContaining(before))
    expect(segments().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(22 * (imageBytes + 200))
  })

  test('are decoded anew where their file has changed', async () => {
    await passes(await open())
    const changed = sources().filter((path) => path.includes('train')).slice(0, 2)
    for (const path of changed) spoil(path, new Date(2020, 1, 1))
    const dataset = await open()
    await passes(dataset)
    expect(dataset.counts.unreadable).toBe(2)
  })

  test.each<[string, (path: string) => void]>([
    ['cut off', (path) => truncateSync(path, statSync(path).size - 1)],
    ['empty', (path) => truncateSync(path, 0)],
    ['something else', (path) => writeFileSync(path, 'x'.repeat(5000))],
    ['damaged in its index', (path) => writeFileSync(path, flipped(path, statSync(path).size - 100))],
    ['damaged in an image', (path) => writeFileSync(path, flipped(path, 5 * imageBytes))],
  ])('are made anew where a segment is %s', async (_, damage) => {
    await passes(await open())
    segments().forEach(damage)
    expect(await passes(await open(), 1)).toEqual(await reference(1))
    expect(lines).toContainEqual(expect.stringMatching(/\.images is (gone or )?damaged.*: its images are decoded anew$/))
    await passes(await open(), 2)
    lines.length = 0
    sources().forEach((path) => spoil(path))
    await passes(await open(), 1)
    expect(lines).toEqual([])
  })

  test('that go away while they are in use cost decoding', async () => {
    await passes(await open())
    const dataset = await open()
    segments().forEach((path) => truncateSync(path, 10))
    expect(await passes(dataset, 1)).toEqual(await reference(1))
  })

  test('are written by one training at a time, and what another one was writing when it died goes away', async () => {
    const [one, other] = [await open(), await open()]
    const died = join(files()[0], 'died.partial')
    writeFileSync(died, 'x')
    const expected = await reference()
    expect(await Promise.all([passes(one), passes(other)])).toEqual([expected, expected])
    expect(segments().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(22 * (imageBytes + 200))
    expect(files('.partial')).toEqual([])
    expect(lines).toEqual([])
  })

  test('that a training had decoded before it was cancelled are kept', async () => {
    for await (const batch of (await open()).trainBatches(0)) {
      expect(batch.size).toBe(4)
      break
    }
    expect(segments()).toHaveLength(1)
    expect(files('.partial')).toEqual([])
  })

  test('stay within their limit, which is told once', async () => {
    const limitBytes = 8 * imageBytes
    const dataset = await open({ imageCache: { root, limitBytes } })
    expect([...(await passes(dataset)), ...(await passes(dataset, 1))]).toEqual([...(await reference()), ...(await reference(1))])
    expect(lines).toEqual([expect.stringMatching(/has reached its limit \(NASOA_IMAGE_CACHE; `nasoa data cache --remove` empties it\); the training goes on/)])
    const [{ bytes }] = await listCacheFolders(root)
    expect(bytes).toBeGreaterThan(4 * imageBytes)
    expect(bytes).toBeLessThan(limitBytes + 2000)
  })

  test('are left alone where their folder cannot be made', async () => {
    writeFileSync(root, 'a file')
    expect(await passes(await open())).toEqual(await reference())
    expect(lines).toEqual([expect.stringMatching(/^resized images cannot be kept on the disk, so each training decodes them anew: /)])
  })

  test('of a folder that nobody has used for a month go when another is filled', async () => {
    const old = join(root, '0'.repeat(32))
    mkdirSync(old, { recursive: true })
    writeFileSync(join(old, 'a.images'), 'x')
    utimesSync(old, new Date(2020, 1, 1), new Date(2020, 1, 1))
    await passes(await open())
    expect((await listCacheFolders(root)).map(({ source }) => source)).toEqual([{ directory: folder, resolution: 16 }])
  })
})

function flipped(path: string, at: number): Buffer {
  const bytes = readFileSync(path)
  bytes[at] ^= 0x55
  return bytes
}

describe('settings of the cache', () => {
  const env = (limit?: string) => ({ NASOA_CACHE: '/cache', ...(limit === undefined ? {} : { NASOA_IMAGE_CACHE: limit }) })

  test.each([
    [undefined, { root: '/cache/images' }],
    ['20GB', { root: '/cache/images', limitBytes: 2e10 }],
    ['1.5 mb', { root: '/cache/images', limitBytes: 1.5e6 }],
    ['1000', { root: '/cache/images', limitBytes: 1000 }],
    ['off', null],
    ['0', null],
  ])('%s', (limit, expected) => {
    expect(imageCacheSettings(env(limit))).toEqual(expected)
  })

  test.each(['much', '-1GB', '20GBit'])('%s is refused', (limit) => {
    expect(() => imageCacheSettings(env(limit))).toThrow(/NASOA_IMAGE_CACHE must be a size such as 20GB, or off/)
  })
})

describe('the program', () => {
  const words = (...more: string[]): string[] => ['--data', folder, '--resolution', '16', ...more]

  /** Node dies of the signal that comes with it, unless somebody listens. */
  const survive = '--import=data:text/javascript,process.on("SIGXFSZ",()=>undefined)'

  /** `nasoa`, with a cache of its own, and no file of which may grow beyond so many bytes: as on a full disk (EFBIG). */
  function nasoa(given: readonly string[], { fileBytes = 'unlimited' }: { fileBytes?: number | 'unlimited' } = {}): Promise<{ stdout: string; stderr: string }> {
    const env = { ...process.env, NASOA_CACHE: join(root, '..'), NASOA_IMAGE_CACHE: '1GB' }
    return promisify(execFile)('prlimit', [`--fsize=${fileBytes}:`, process.execPath, survive, join(packageRoot(), 'bin/nasoa.js'), ...given], { env })
  }

  test('goes on where the disk is full, and says so', async () => {
    const { stdout, stderr } = await nasoa(['bench', 'loader', '--batch', '4', '--seconds', '0', '--json', ...words()], { fileBytes: 5 * imageBytes })
    expect(JSON.parse(stdout)).toMatchObject({ passes: 2, images: { train: 16, val: 6 } })
    expect(stderr).toMatch(/^resized images are no longer added to the disk: EFBIG[^\n]*; the training goes on, and decodes what is not there$/m)
  })

  test('lists and removes what is kept', async () => {
    await passes(await open())
    const [{ bytes }] = await listCacheFolders(root)
    const listed = JSON.parse((await nasoa(['data', 'cache', '--json'])).stdout) as unknown
    expect(listed).toMatchObject({ root, limitBytes: 1e9, bytes, removed: false, folders: [{ directory: folder, resolution: 16, bytes }] })
    expect((await nasoa(['data', 'cache', '--remove'])).stdout).toContain(`${folder} at 16`)
    expect(await listCacheFolders(root)).toEqual([])
  })
})
