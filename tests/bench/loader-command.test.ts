import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { imageNetFolder, jpeg, temporaryFolder, writeFiles } from '../data/image-files.js'
import { runProgram } from '../support/program.js'

beforeAll(() => ensureBuilt())

describe('nasoa bench loader', () => {
  test('counts the images that the data path alone delivers', async () => {
    const data = await imageNetFolder({ classes: ['a', 'b'], train: 10, val: 4 })
    const { code, stdout } = await runProgram('bench', 'loader', '--data', data, '--resolution', '16', '--batch', '8', '--seconds', '0', '--json')
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as Record<string, number> & { batchMs: Record<string, number> }
    expect(result).toMatchObject({ resolution: 16, batch: 8, augmentation: 'resized-crop', images: { train: 20, val: 8 }, passes: 2 })
    for (const key of ['imagesPerSecond', 'firstEpochImagesPerSecond', 'evaluationImagesPerSecond', 'peakMib']) expect(result[key]).toBeGreaterThan(0)
    expect(result.batchMs.p10).toBeLessThanOrEqual(result.batchMs.p90)
  })

  test('takes folders of classes without train and val', async () => {
    const data = writeFiles(temporaryFolder(), { 'cat/1.JPEG': await jpeg(40, 30), 'dog/1.JPEG': await jpeg(30, 40) })
    const { code, stdout } = await runProgram('bench', 'loader', '--data', data, '--resolution', '16', '--batch', '2', '--seconds', '0', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ images: { train: 2, val: 2 } })
  })

  test('refuses what holds no images', async () => {
    const { code, stderr } = await runProgram('bench', 'loader', '--data', temporaryFolder(), '--resolution', '16')
    expect(code).toBe(2)
    expect(stderr).toMatch(/has no folder 'train'/)
  })
})
