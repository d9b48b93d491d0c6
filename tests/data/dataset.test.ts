import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { augmentations } from '../../shared/training/specification.js'
import { CancelledError, InvalidInputError } from '../../shared/errors.js'
import { type Dataset, type DatasetOptions, openDataset } from '../../worker/data/dataset.js'
import type { ImageBatch } from '../../worker/data/image-batch.js'
import { imageNetFolder, temporaryFolder, writeFiles } from './image-files.js'

beforeAll(() => ensureBuilt())

const recipe = { resolution: 16, batch: 4, augmentation: 'pad-crop', seed: 3 } as const

const open = (directory: string, changes: Partial<DatasetOptions> = {}): Promise<Dataset> =>
  openDataset({ directory, subset: { seed: 1 }, recipe, unreadableLimit: 0, log: () => undefined, ...changes })

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

const folderOf = (train = 9, val = 3): Promise<string> => imageNetFolder({ classes: ['x', 'y'], train, val })

describe('batches', () => {
  test('training drops the last partial batch, evaluation keeps it', async () => {
    const dataset = await open(await folderOf())
    expect(dataset.stepsPerEpoch).toBe(4)
    expect((await collect(dataset.trainBatches(0))).map(({ size, images, labels }) => [size, images.length, labels.length])).toEqual(
      Array.from({ length: 4 }, () => [4, 4 * 16 * 16 * 3, 4]),
    )
    expect((await collect(dataset.validationBatches())).map(({ size, images, labels }) => [size, images.length, labels.length])).toEqual([
      [4, 4 * 16 * 16 * 3, 4],
      [2, 2 * 16 * 16 * 3, 2],
    ])
    expect(dataset.counts).toEqual({ train: 18, validation: 6, unreadable: 0 })
  })

  test('of an epoch hold every image once, in another order each epoch, with its own label', async () => {
    const dataset = await open(await folderOf(8), { recipe: { ...recipe, augmentation: 'none' } })
    const labelOf = new Map<string, number>()
    const epochs: string[][] = []
    for (const epoch of [0, 1]) {
      const seen: string[] = []
      for (const { images, labels } of await collect(dataset.trainBatches(epoch))) {
        labels.forEach((label, index) => {
          const key = Buffer.from(images.subarray(index * 768, (index + 1) * 768)).toString('base64')
          expect(labelOf.get(key) ?? label).toBe(label)
          labelOf.set(key, label)
          seen.push(key)
        })
      }
      epochs.push(seen)
    }
    expect(labelOf.size).toBe(16)
    expect([...labelOf.values()].filter((label) => label === 1)).toHaveLength(8)
    expect([...epochs[0]].sort()).toEqual([...epochs[1]].sort())
    expect(epochs[0]).not.toEqual(epochs[1])
  })

  test.each(augmentations)('depend on seed and epoch alone, not on memory, prefetch, threads or what came before (%s)', async (augmentation) => {
    const folder = await folderOf()
    const options = { recipe: { ...recipe, augmentation } }
    const reference = await collect((await open(folder, options)).trainBatches(1))
    const starved = await open(folder, { ...options, cacheBytes: 0, prefetchBytes: 1 })
    const resumed = await open(folder, { ...options, prefetchBatches: 5, loadingThreads: 3 })
    await collect(resumed.trainBatches(0))
    expect(await collect(starved.trainBatches(1))).toEqual(reference)
    expect(await collect(resumed.trainBatches(1))).toEqual(reference)
    const otherSeed = await open(folder, { recipe: { ...recipe, augmentation, seed: 4 } })
    expect(await collect(otherSeed.trainBatches(1))).not.toEqual(reference)
  })

  test('keep their number and stay the same where unreadable files leave holes', async () => {
    const folder = writeFiles(await folderOf(7), { 'train/x/a.jpg': 'broken', 'train/y/b.jpg': 'broken', 'train/y/c.jpg': 'broken' })
    const options = { recipe: { ...recipe, batch: 17 }, unreadableLimit: 0.5 }
    const dataset = await open(folder, options)
    const [only, ...others] = await collect(dataset.trainBatches(0))
    expect(others).toEqual([])
    expect(only.size).toBe(17)
    expect(dataset.counts).toEqual({ train: 14, validation: 6, unreadable: 3 })
    expect(await collect(dataset.trainBatches(0))).toEqual([only])
    expect(await collect((await open(folder, { ...options, prefetchBytes: 1 })).trainBatches(0))).toEqual([only])
  })

  test('stop at the signal, and after an early break the next epoch starts clean', async () => {
    const dataset = await open(await folderOf())
    for await (const batch of dataset.trainBatches(0)) {
      expect(batch.size).toBe(4)
      break
    }
    expect(await collect(dataset.trainBatches(0))).toHaveLength(4)
    const controller = new AbortController()
    const batches = dataset.trainBatches(1, controller.signal)
    await batches.next()
    controller.abort()
    await expect(collect(batches)).rejects.toBeInstanceOf(CancelledError)
  })
})

describe('opening', () => {
  test('refuses a folder that resolves to another manifest', async () => {
    const folder = await folderOf()
    const { manifestHash } = await open(folder)
    expect(manifestHash).toMatch(/^[0-9a-f]{64}$/)
    expect((await open(folder, { expectedManifestHash: manifestHash })).classes).toEqual(['x', 'y'])
    await expect(open(folder, { expectedManifestHash: '0'.repeat(64) })).rejects.toThrow(/does not hold the images of this job: its manifest is [0-9a-f]{64}, expected 0{64}$/)
  })

  test('says which batch fits where a training set is smaller than one', async () => {
    await expect(open(await folderOf(1))).rejects.toThrow(/has 2 training images in use, fewer than one batch of 4; use a batch of at most 2$/)
  })

  test('refuses what is no ImageNet-layout folder', async () => {
    await expect(open(temporaryFolder())).rejects.toBeInstanceOf(InvalidInputError)
  })
})
