import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { openDataset } from '../../worker/data/dataset.js'
import { ensureDigits } from '../../worker/data/digits.js'
import { temporaryFolder } from './image-files.js'

beforeAll(() => ensureBuilt())

test('the digits are written once, whole, as an ordinary folder, also by two who start at the same time', async () => {
  const cache = temporaryFolder()
  const lines: string[] = []
  const [directory, same] = await Promise.all([ensureDigits((line) => lines.push(line), cache), ensureDigits((line) => lines.push(line), cache)])
  expect(same).toBe(directory)
  expect(readdirSync(cache)).toHaveLength(1)
  const writes = lines.length
  expect(await ensureDigits((line) => lines.push(line), cache)).toBe(directory)
  expect(lines).toHaveLength(writes)

  const recipe = { resolution: 32, batch: 64, augmentation: 'none', seed: 1 } as const
  const dataset = await openDataset({ directory, subset: { seed: 1 }, recipe, unreadableLimit: 0, log: () => undefined })
  expect(dataset.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  expect(dataset.counts.train + dataset.counts.validation).toBe(10_000)
  expect(dataset.counts.validation / 10_000).toBeCloseTo(0.2, 2)
  expect(readdirSync(join(directory, 'train', '7'))[0]).toBe('7_0000.JPEG')

  // White strokes on a black border: real digits have between 10 % and 40 % of their pixels inked.
  const batches = dataset.validationBatches()
  const { value } = await batches.next()
  await batches.return()
  if (value === undefined) throw new Error('no batch')
  const inked = value.images.reduce((count, byte) => count + (byte > 64 ? 1 : 0), 0) / value.images.length
  expect(inked).toBeGreaterThan(0.1)
  expect(inked).toBeLessThan(0.4)
  expect(value.images[0]).toBeLessThan(16)
})
