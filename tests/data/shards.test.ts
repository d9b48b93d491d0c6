import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { InvalidInputError } from '../../shared/errors.js'
import { createRng } from '../../shared/rng.js'
import { type Dataset, type DatasetOptions, openDataset } from '../../worker/data/dataset.js'
import type { ImageBatch } from '../../worker/data/image-batch.js'
import { readCollection } from '../../worker/data/read-collection.js'
import { shuffled } from '../../worker/data/shards/shard-order.js'
import { scanShard } from '../../worker/data/shards/shard-scan.js'
import { splitOf } from '../../worker/data/shards/shard-folder.js'
import { imageNetFolder, jpeg, temporaryFolder } from './image-files.js'
import { type TarEntry, tarOf, withSize, writeTar } from './tar-files.js'

beforeAll(() => ensureBuilt())

const recipe = { resolution: 16, batch: 4, augmentation: 'none', seed: 3 } as const
const silent = (): void => undefined

beforeEach(() => {
  // What unindexed shards hold is remembered in the cache folder.
  vi.stubEnv('NASOA_CACHE', temporaryFolder())
  return () => vi.unstubAllEnvs()
})

async function sample(key: string, label: number | string, number: number): Promise<TarEntry[]> {
  return [
    { name: `${key}.jpg`, content: await jpeg(16, 16, number) },
    { name: `${key}.cls`, content: `${label}\n` },
  ]
}

/** Shards of three classes with `perShard` images each; every image is different. */
async function shardFolder({ shards = 3, perShard = 5, val = 6 } = {}): Promise<string> {
  const folder = temporaryFolder()
  let number = 0
  for (let shard = 0; shard < shards; shard++) {
    const entries = await Promise.all(Array.from({ length: perShard }, (_, index) => sample(`${shard}${index}`, index % 3, number++)))
    await writeTar(join(folder, `train-00000${shard}.tar`), entries.flat())
  }
  const entries = await Promise.all(Array.from({ length: val }, (_, index) => sample(`v${index}`, index % 3, 200 + index)))
  await writeTar(join(folder, 'val-000000.tar'), entries.flat())
  return folder
}

const open = (directory: string, changes: Partial<DatasetOptions> = {}): Promise<Dataset> =>
  openDataset({ directory, subset: { seed: 1 }, recipe, unreadableLimit: 0.5, log: silent, ...changes })

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

/** Images of batches as label and pixels. */
function imagesOf(batches: readonly ImageBatch[]): string[] {
  const size = 16 * 16 * 3
  return batches.flatMap(({ images, labels }) => [...labels].map((label, at) => `${label} ${Buffer.from(images.subarray(at * size, (at + 1) * size)).toString('base64')}`))
}

describe('a folder of tar shards', () => {
  test('is trained on like a folder of the same images', async () => {
    const shards = await shardFolder()
    const folder = temporaryFolder()
    for (const file of readdirSync(shards)) {
      const split = splitOf(file) as string
      const unpacked = temporaryFolder()
      execFileSync('tar', ['xf', join(shards, file), '-C', unpacked])
      for (const name of readdirSync(unpacked).filter((name) => name.endsWith('.jpg'))) {
        const label = execFileSync('cat', [join(unpacked, name.replace('.jpg', '.cls'))], { encoding: 'utf8' }).trim()
        mkdirSync(join(folder, split, label), { recursive: true })
        cpSync(join(unpacked, name), join(folder, split, label, name))
      }
    }
    const [sharded, plain] = [await open(shards), await open(folder)]
    expect(sharded.classes).toEqual(['0', '1', '2'])
    expect(sharded.stepsPerEpoch).toBe(plain.stepsPerEpoch)
    expect(imagesOf(await collect(sharded.validationBatches())).sort()).toEqual(imagesOf(await collect(plain.validationBatches())).sort())
    const whole = { recipe: { ...recipe, batch: 15 } }
    const epoch = async (dataset: Dataset): Promise<string[]> => imagesOf(await collect(dataset.trainBatches(0))).sort()
    expect(await epoch(await open(shards, whole))).toEqual(await epoch(await open(folder, whole)))
  })

  test('gives an order and augmentations that depend on seed and epoch alone, whatever is cached', async () => {
    const folder = await shardFolder()
    const options = { recipe: { ...recipe, augmentation: 'resized-crop' }, shuffleBytes: 3000 } as const
    const reference = await open(folder, options)
    const first = await collect(reference.trainBatches(0))
    const second = await collect(reference.trainBatches(1))
    expect(imagesOf(second)).not.toEqual(imagesOf(first))
    const starved = await open(folder, { ...options, cacheBytes: 0, prefetchBytes: 1 })
    expect(await collect(starved.trainBatches(1))).toEqual(second)
    expect(await collect(starved.trainBatches(0))).toEqual(first)
    const imageCache = { root: join(temporaryFolder(), 'images') }
    for (const dataset of [await open(folder, { ...options, imageCache }), await open(folder, { ...options, imageCache, cacheBytes: 0 })]) {
      expect(await collect(dataset.trainBatches(0))).toEqual(first)
      expect(await collect(dataset.trainBatches(1))).toEqual(second)
    }
  })

  test('takes subsets, and has the same manifest in a copy', async () => {
    const folder = await shardFolder()
    const subset = { classes: 2, imagesPerClass: 3, validationImagesPerClass: 1, seed: 5 }
    const dataset = await open(folder, { subset })
    expect(dataset.counts).toEqual({ train: 6, validation: 2, unreadable: 0 })
    const copy = temporaryFolder()
    cpSync(folder, copy, { recursive: true })
    expect((await open(copy, { subset })).manifestHash).toBe(dataset.manifestHash)
    expect((await open(folder)).manifestHash).not.toBe(dataset.manifestHash)
    expect(imagesOf(await collect(dataset.trainBatches(0)))).toHaveLength(4)
  })

  test('that is cut off after it was opened costs the images that are gone', async () => {
    const folder = await shardFolder()
    const log: string[] = []
    const dataset = await open(folder, { log: (line) => log.push(line) })
    truncateSync(join(folder, 'train-000001.tar'), 100)
    expect(imagesOf(await collect(dataset.trainBatches(0)))).toHaveLength(12)
    expect(dataset.counts).toEqual({ train: 10, validation: 6, unreadable: 5 })
    expect(log.filter((line) => line.includes('skipped'))).toHaveLength(5)
  })

  test('names classes by text where labels are no numbers, and counts by number where they are', async () => {
    const folder = temporaryFolder()
    await writeTar(join(folder, 'train.tar'), [...(await sample('a', 'dog', 1)), ...(await sample('b', 'cat', 2))])
    await writeTar(join(folder, 'validation.tar'), [...(await sample('a', 'dog', 1)), ...(await sample('b', 'cat', 2))])
    expect((await readCollection(folder, silent)).classes.map(({ name }) => name)).toEqual(['cat', 'dog'])
    const numbered = temporaryFolder()
    for (const split of ['train', 'val']) {
      mkdirSync(join(numbered, split))
      await writeTar(join(numbered, split, '0.tar'), (await Promise.all([10, 9, 2].map((label) => sample(`${label}`, label, label)))).flat())
    }
    expect((await readCollection(numbered, silent)).classes.map(({ name }) => name)).toEqual(['2', '9', '10'])
  })

  test.each([
    ['imagenet-train-000000.tar', 'train'],
    ['train/000000.tar', 'train'],
    ['imagenet1k-validation-00.tar', 'val'],
    ['val/x.tar', 'val'],
    ['training_0.tar', 'train'],
    ['000000.tar', null],
    ['train-val.tar', null],
    ['retrain.tar', null],
  ])('knows the split of %s', (file, split) => {
    expect(splitOf(file)).toBe(split)
  })

  test('is refused in one line where a split is missing or cannot be told', async () => {
    const folder = temporaryFolder()
    await writeTar(join(folder, '000.tar'), await sample('a', 0, 1))
    await expect(readCollection(folder, silent)).rejects.toThrow(/does not tell its split: name them train-000000\.tar/)
    const trainOnly = temporaryFolder()
    await writeTar(join(trainOnly, 'train-0.tar'), await sample('a', 0, 1))
    await expect(readCollection(trainOnly, silent)).rejects.toThrow(/hold no images for 'val'/)
  })

  test('is not what archives beside unpacked folders make, nor what ImageNet is given out in', async () => {
    const folder = await imageNetFolder({ classes: ['a', 'b'], train: 1, val: 1 })
    await writeTar(join(folder, 'train-0.tar'), await sample('a', 0, 1))
    await writeTar(join(folder, 'backup.tar'), [])
    expect((await readCollection(folder, silent)).layout).toBe('class-folders')
    const archives = temporaryFolder()
    await writeTar(join(archives, 'ILSVRC2012_img_train.tar'), [])
    await expect(readCollection(archives, silent)).rejects.toThrow(/has no folder 'train'/)
  })

  test('is looked through once', async () => {
    const folder = await shardFolder()
    const lines: string[] = []
    await readCollection(folder, (line) => lines.push(line))
    expect(lines).toHaveLength(4)
    await readCollection(folder, (line) => lines.push(line))
    expect(lines).toHaveLength(4)
  })
})

describe('a hostile shard', () => {
  test('costs the images that it cannot give, each named with the reason, and nothing is written', async () => {
    const folder = temporaryFolder()
    const path = await writeTar(join(folder, 'train.tar'), [
      ...(await sample('good', 0, 1)),
      ...(await sample('../../escape', 0, 2)),
      ...(await sample('/tmp/absolute', 0, 3)),
      { name: 'nolabel.jpg', content: 'x' },
      { name: 'empty.jpg', content: '' },
      { name: 'empty.cls', content: '0' },
      ...(await sample('good', 1, 4)),
      { name: 'long.cls', content: '1'.repeat(100_000) },
      { name: 'long.jpg', content: 'x' },
      { name: 'link.jpg', type: 'symlink', linkname: '/etc/passwd' },
      { name: 'folder.jpg', type: 'directory' },
      { name: 'pipe.jpg', type: 'fifo' },
      { name: 'other.json', content: '{}' },
      { name: '._good.jpg', content: 'x' },
    ])
    const { samples, skipped } = await scanShard(path)
    expect(samples.map(({ name, label }) => [name, label])).toEqual([['good.jpg', '0']])
    expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      '../../escape.jpg': 'its path leads out of the archive',
      '/tmp/absolute.jpg': 'its path leads out of the archive',
      'empty.jpg': 'it is empty',
      'good.jpg': 'its key is used twice in the shard',
      'nolabel.jpg': 'has no label: its .cls entry is missing or empty',
      'long.jpg': 'has no label: its .cls entry is missing or empty',
    })
    expect(readdirSync(folder)).toEqual(['train.tar'])
  })

  test('says where its images are, as the file itself does', async () => {
    const [a, b] = [await jpeg(16, 16, 1), await jpeg(20, 20, 2)]
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`
    const archive = await tarOf([{ name: `${long}.jpg`, content: a }, { name: `${long}.cls`, content: '0' }, { name: 'b.cls', content: '1' }, { name: 'b.jpg', content: b }])
    const path = join(temporaryFolder(), 'x.tar')
    writeFileSync(path, archive)
    const { samples } = await scanShard(path)
    expect(samples.map(({ offset, bytes }) => archive.subarray(offset, offset + bytes))).toEqual([a, b])
  })

  test.each([
    ['cut off within an image', (archive: Buffer) => archive.subarray(0, 700)],
    ['cut off within a header', (archive: Buffer) => archive.subarray(0, 300)],
    ['no archive at all', () => Buffer.from('hello '.repeat(1000))],
    ['compressed', () => execFileSync('gzip', { input: 'x'.repeat(10_000) })],
    ['an entry of eight exabytes', (archive: Buffer) => withSize(archive, 0, 2n ** 63n - 1n)],
    ['an entry of a terabyte', (archive: Buffer) => withSize(archive, 0, 2n ** 40n)],
    ['damaged in a header', (archive: Buffer) => Buffer.concat([Buffer.from('zz'), archive.subarray(2)])],
  ])('that is %s is refused in one line that names it', async (_, damage) => {
    const path = join(temporaryFolder(), 'train.tar')
    writeFileSync(path, damage(await tarOf(await sample('a', 0, 1))))
    const error: unknown = await scanShard(path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    expect((error as Error).message).toMatch(/^the shard ".*train\.tar" cannot be read: /)
    expect((error as Error).message).not.toContain('\n')
  })

  test('is counted among the unreadable images of a training', async () => {
    const folder = await shardFolder()
    await writeTar(join(folder, 'train-000009.tar'), [{ name: 'x.jpg', content: 'x' }, { name: 'y.jpg', content: 'y' }, { name: 'y.cls', content: '1' }])
    const log: string[] = []
    const dataset = await open(folder, { log: (line) => log.push(line) })
    await collect(dataset.trainBatches(0))
    expect(dataset.counts).toEqual({ train: 15, validation: 6, unreadable: 2 })
    expect(log.filter((line) => line.startsWith('skipped'))).toHaveLength(2)
    await expect(open(folder, { unreadableLimit: 0 }).then((strict) => collect(strict.trainBatches(0)))).rejects.toThrow(/1 of the 23 images .* cannot be read|no image|limit of 0 %/)
  })
})

describe('the shuffle buffer', () => {
  test('gives every image once, holds no more than it may, and is a function of the seed', async () => {
    const bytesOf = (index: number): number => 10 + (index % 7)
    const order = async (seed: number, bufferBytes: number): Promise<number[]> => {
      const taken: number[] = []
      let [given, most] = [0, 0]
      const source = async function* () {
        for (let index = 0; index < 500; index++) {
          given += bytesOf(index)
          yield Promise.resolve({ index, encoded: null })
        }
      }
      let gone = 0
      for await (const { index } of shuffled(source(), bufferBytes, bytesOf, createRng(seed))) {
        most = Math.max(most, given - gone)
        gone += bytesOf(index)
        taken.push(index)
      }
      // What is in the buffer, and the one that waits for room.
      expect(most).toBeLessThanOrEqual(Math.max(bufferBytes, 16) + 16)
      return taken
    }
    const mixed = await order(1, 1000)
    expect([...mixed].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index))
    expect(await order(1, 1000)).toEqual(mixed)
    expect(await order(2, 1000)).not.toEqual(mixed)
    expect(await order(1, 1)).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })
})
