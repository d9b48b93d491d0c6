import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { openDataset } from '../../worker/data/dataset.js'
import { LoadingThreads } from '../../worker/data/loading/loading-threads.js'
import { image, imageNetFolder, jpeg, temporaryFolder, writeFiles } from './image-files.js'

beforeAll(() => ensureBuilt())

const recipe = { resolution: 16, batch: 4, augmentation: 'resized-crop', seed: 3 } as const

describe('images are loaded ahead', () => {
  test.each([
    ['in batches', { prefetchBatches: 2 }, 3],
    ['in images, where their memory is limited', { prefetchBytes: 2 * 16 * 16 * 3 }, 2],
    ['with more threads', { prefetchBatches: 3, loadingThreads: 2 }, 4],
  ])('%s, and no further than that', async (_, limit, batches) => {
    const folder = await imageNetFolder({ classes: ['x'], train: 64, val: 1 })
    const dataset = await openDataset({ directory: folder, subset: { seed: 1 }, recipe, unreadableLimit: 1, log: () => undefined, ...limit })
    const train = join(folder, 'train/x')
    for await (const { size } of dataset.trainBatches(0)) {
      expect(size).toBe(4)
      // Whatever was not read by now is no image any more; the limit of unreadable ones then ends nothing, as some are left.
      for (const name of readdirSync(train)) writeFileSync(join(train, name), 'gone')
      break
    }
    await expect(drain(dataset.trainBatches(0))).resolves.toBeLessThanOrEqual(dataset.stepsPerEpoch)
    // Those of the batches that were ahead are in memory.
    expect(dataset.counts.train).toBeGreaterThanOrEqual(4)
    expect(dataset.counts.train).toBeLessThanOrEqual(batches * 4)
    await dataset.close()
  })
})

async function drain(batches: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const batch of batches) count += batch === undefined ? 0 : 1
  return count
}

describe('loading threads', () => {
  test('answer one request after the other, and name what cannot be used', async () => {
    const file = await jpeg(16, 16, 1)
    const directory = writeFiles(temporaryFolder(), { 'a.jpg': file, 'b.jpg': Buffer.alloc(file.length) })
    const threads = new LoadingThreads(2)
    const request = (paths: readonly string[]) => threads.load({ directory, resolution: 16, isKeeping: true, images: paths.map((path, index) => ({ path, index, bytes: file.length })) })
    const wanted = [['a.jpg'], ['b.jpg', 'a.jpg', 'missing.jpg'], ['a.jpg']]
    const answers = await Promise.all(wanted.map(request))
    expect(answers.map(({ failed }) => failed.map(({ place }) => place))).toEqual([[], [0, 2], []])
    expect(answers.map(({ resized }) => resized.map(({ place }) => place))).toEqual([[0], [1], [0]])
    await threads.close()
  })

  test('that die are an error to those who wait, now and later', async () => {
    const threads = new LoadingThreads(1)
    const impossible = { directory: '/', resolution: NaN, isKeeping: false, images: [{ path: 'x', index: 0, bytes: 1 }] }
    await expect(threads.load({ ...impossible, resolution: 1e9 })).rejects.toThrow(/array length/i)
    await expect(threads.load(impossible)).rejects.toThrow()
  })
})

describe('a ribbon', () => {
  test.each([['wide', 3000, 2], ['high', 2, 3000]])('that is %s takes no more memory than an image of its resolution', async (_, width, height) => {
    const folder = writeFiles(temporaryFolder(), { 'train/a/1.png': await image(width, height).png().toBuffer(), 'val/a/1.png': await image(width, height).png().toBuffer() })
    const dataset = await openDataset({ directory: folder, subset: { seed: 1 }, recipe: { ...recipe, batch: 1 }, unreadableLimit: 0, log: () => undefined, cacheBytes: 4 * 18 * 18 * 3 })
    expect(await drain(dataset.trainBatches(0))).toBe(1)
    // It is held in the little memory that was given, so its file is not needed any more.
    writeFileSync(join(folder, 'train/a/1.png'), 'gone')
    expect(await drain(dataset.trainBatches(1))).toBe(1)
    await dataset.close()
  })
})
