import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { type Augmentation, augmentations } from '../../shared/training/specification.js'
import { type Dataset, openDataset } from '../../worker/data/dataset.js'
import type { ImageBatch } from '../../worker/data/image-batch.js'
import { decodeCrop } from '../../worker/data/decode.js'
import { gradient, image, imageNetFolder, jpeg, temporaryFolder, writeFiles } from './image-files.js'

beforeAll(() => ensureBuilt())

interface Options {
  resolution: number
  batch?: number
  augmentation?: Augmentation
  unreadableLimit?: number
  log?: (line: string) => void
}

const open = (directory: string, { resolution, batch = 1, augmentation = 'none', unreadableLimit = 0.5, log = () => undefined }: Options): Promise<Dataset> =>
  openDataset({ directory, subset: { seed: 1 }, recipe: { resolution, batch, augmentation, seed: 1 }, unreadableLimit, log })

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

/** One validation image, as the network would see it. */
async function evaluated(file: Uint8Array, resolution: number, name = 'val/a/1.JPEG'): Promise<Uint8Array> {
  const folder = writeFiles(temporaryFolder(), { 'train/a/1.JPEG': await jpeg(8, 8), [name]: file })
  return (await collect((await open(folder, { resolution })).validationBatches()))[0].images
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0)
}

const grey = (pixels: Uint8Array): Uint8Array => pixels.map((_, index) => pixels[index - (index % 3)])

describe('what a file may hold', () => {
  const side = 24
  const expected = gradient(side, side)

  test.each([
    ['a JPEG', () => jpeg(side, side), 6],
    ['a PNG called .JPEG', () => image(side, side).png().toBuffer(), 0],
    ['a palette PNG', () => image(side, side).png({ palette: true, colours: 256 }).toBuffer(), 40],
    ['a 16-bit PNG', () => image(side, side).toColourspace('rgb16').png().toBuffer(), 1],
    ['a PNG with alpha, which is dropped', () => image(side, side).ensureAlpha(0.25).png().toBuffer(), 0],
    ['a progressive JPEG', () => image(side, side).jpeg({ quality: 95, progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(), 6],
  ])('%s gives the same RGB bytes', async (_, file, tolerance) => {
    expect(largestDifference(await evaluated(await file(), side), expected)).toBeLessThanOrEqual(tolerance)
  })

  test.each([
    ['8-bit grey JPEG', 'b-w', 'jpeg'],
    ['8-bit grey PNG', 'b-w', 'png'],
    ['16-bit grey PNG', 'grey16', 'png'],
  ] as const)('%s gives three equal channels', async (_, space, format) => {
    const pixels = await evaluated(await sharp(grey(expected), { raw: { width: side, height: side, channels: 3 } }).toColourspace(space).toFormat(format).toBuffer(), side)
    expect(pixels).toEqual(grey(pixels))
    expect(largestDifference(pixels, grey(expected))).toBeLessThanOrEqual(6)
  })

  test('a CMYK JPEG gives RGB that is close', async () => {
    const file = await image(side, side, 3).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect((await sharp(file).metadata()).channels).toBe(4)
    // Out-of-gamut colours move; the picture stays.
    const difference = (await evaluated(file, side)).map((value, index) => Math.abs(value - gradient(side, side, 3)[index]))
    expect(difference.reduce((sum, value) => sum + value, 0) / difference.length).toBeLessThan(40)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %d is undone, at its own size and resized', async (orientation) => {
    const upright = image(64, 32)
    const stored = await turned(orientation, 64, 32)
    expect(largestDifference(await evaluated(stored, 16), await evaluated(await upright.png().toBuffer(), 16))).toBeLessThanOrEqual(8)
    const square = await turned(orientation, 16, 16)
    expect(largestDifference(await evaluated(square, 16), gradient(16, 16))).toBeLessThanOrEqual(8)
  })
})

/** A JPEG whose stored pixels are turned such that the EXIF orientation turns them back. */
async function turned(orientation: number, width: number, height: number): Promise<Buffer> {
  // Rotation and mirroring that a viewer applies: https://www.cipa.jp EXIF 2.32, tag 0x0112. Here the inverse is applied.
  const inverse: Record<number, [flop: boolean, angle: number]> = {
    1: [false, 0], 2: [true, 0], 3: [false, 180], 4: [true, 180], 5: [true, 270], 6: [false, 270], 7: [true, 90], 8: [false, 90],
  }
  const [flop, angle] = inverse[orientation]
  const mirrored = await image(width, height).flop(flop).png().toBuffer()
  return sharp(mirrored).rotate(angle).withMetadata({ orientation }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer()
}

describe('resizing', () => {
  test('an image of the resolution is left alone, a larger one loses its border', async () => {
    const picture = await image(224, 224).png().toBuffer()
    expect(largestDifference(await evaluated(picture, 224), gradient(224, 224))).toBe(0)
    const pixels = await evaluated(picture, 112)
    // Side 224 becomes 128, of which 112 are kept: the first pixel shows what lies about 14 to 16 pixels in.
    expect(pixels[0]).toBeGreaterThanOrEqual(14)
    expect(pixels[0]).toBeLessThanOrEqual(17)
  })

  test('a resized crop of a real photograph shape fills the square, and differs from epoch to epoch', async () => {
    const folder = writeFiles(temporaryFolder(), { 'train/a/1.JPEG': await jpeg(300, 200), 'val/a/1.JPEG': await jpeg(8, 8) })
    const dataset = await open(folder, { resolution: 32, augmentation: 'resized-crop' })
    const [first] = await collect(dataset.trainBatches(0))
    const [again] = await collect(dataset.trainBatches(0))
    const [second] = await collect(dataset.trainBatches(1))
    expect(first.images).toHaveLength(32 * 32 * 3)
    expect(again.images).toEqual(first.images)
    expect(second.images).not.toEqual(first.images)
  })
})

describe('a crop of a large JPEG', () => {
  test.each([16, 40, 64])('decoded at a fraction of its size shows what the whole decode shows (to %d pixels)', async (resolution) => {
    const size = { width: 640, height: 400 }
    const encoded = await jpeg(size.width, size.height)
    const box = { left: 90, top: 35, width: 330, height: 300 }
    const { data: whole } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true })
    const expected = await sharp(whole, { raw: { ...size, channels: 3 } }).extract(box).resize(resolution, resolution, { fit: 'fill' }).raw().toBuffer()
    const pixels = await decodeCrop(encoded, size, box, resolution, false)
    // The gradient rises by 255 over the image: half a pixel of the result is some grey levels.
    expect(largestDifference(pixels, expected)).toBeLessThanOrEqual(4 + 255 / resolution)
    const mirrored = await decodeCrop(encoded, size, box, resolution, true)
    expect(mirrored.subarray(0, 3)).toEqual(pixels.subarray((resolution - 1) * 3, resolution * 3))
  })

  test('lies right in an image that its EXIF orientation turns', async () => {
    const upright = await jpeg(400, 300)
    const box = { left: 100, top: 20, width: 200, height: 200 }
    const expected = await decodeCrop(upright, { width: 400, height: 300 }, box, 32, false)
    expect(largestDifference(await decodeCrop(await turned(6, 400, 300), { width: 400, height: 300 }, box, 32, false), expected)).toBeLessThanOrEqual(12)
  })
})

describe('files that cannot be read', () => {
  const cut = async (share: number): Promise<Buffer> => {
    const whole = await image(200, 200).jpeg().toBuffer()
    return whole.subarray(0, Math.floor(whole.length * share))
  }

  async function brokenFolder(): Promise<string> {
    const folder = await imageNetFolder({ classes: ['a', 'b'], train: 8, val: 4, side: 32 })
    const png = await image(64, 64).png().toBuffer()
    writeFiles(folder, {
      'train/a/empty.JPEG': '',
      'train/a/text.jpg': 'this is no image',
      'train/a/cut.JPEG': await cut(0.97),
      'train/b/cut-png.png': png.subarray(0, png.length - 40),
      'train/b/drawing.png': '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"/>',
      'val/b/header.jpeg': await cut(0.02),
    })
    symlinkSync('nowhere.jpg', join(folder, 'val/a/broken-link.jpg'))
    return folder
  }

  test.each(augmentations)('are skipped, counted and named once, with %s', async (augmentation) => {
    const lines: string[] = []
    const dataset = await open(await brokenFolder(), { resolution: 32, batch: 4, augmentation, log: (line) => lines.push(line) })
    for (const epoch of [0, 1]) {
      const batches = await collect(dataset.trainBatches(epoch))
      expect(batches.map(({ size }) => size)).toEqual([4, 4, 4, 4, 4])
      expect((await collect(dataset.validationBatches())).map(({ size }) => size)).toEqual([4, 4])
    }
    expect(dataset.counts).toEqual({ train: 16, validation: 8, unreadable: 7 })
    const named = lines.map((line) => /^skipped "(.*)": unreadable image \(.+\)$/.exec(line)?.[1])
    expect(named.sort()).toEqual([
      'train/a/cut.JPEG', 'train/a/empty.JPEG', 'train/a/text.jpg', 'train/b/cut-png.png', 'train/b/drawing.png', 'val/a/broken-link.jpg', 'val/b/header.jpeg',
    ])
  })

  test('end the job above the limit, in one line with the figures', async () => {
    const dataset = await open(await brokenFolder(), { resolution: 32, batch: 4, unreadableLimit: 0.1 })
    await expect(collect(dataset.trainBatches(0))).rejects.toThrow(/^4 of the 31 images in ".*" cannot be read, more than the limit of 10 %; one is "train[^\n]*$/)
  })

  test('end the job where a whole split is affected, whatever the limit', async () => {
    const folder = writeFiles(temporaryFolder(), { 'train/a/1.JPEG': await jpeg(8, 8), 'val/a/1.JPEG': 'no image' })
    const dataset = await open(folder, { resolution: 8, unreadableLimit: 1 })
    await expect(collect(dataset.validationBatches())).rejects.toThrow(/no image of the validation split .* one is "val\/a\/1.JPEG"/)
  })

  test('include decompression bombs, refused by their header', async () => {
    const bomb = await sharp({ create: { width: 12000, height: 12000, channels: 3, background: 'black' } }).png({ compressionLevel: 9 }).toBuffer()
    const folder = await imageNetFolder({ classes: ['a'], train: 4, val: 2 })
    const lines: string[] = []
    const dataset = await open(writeFiles(folder, { 'train/a/bomb.png': bomb }), { resolution: 16, log: (line) => lines.push(line) })
    await collect(dataset.trainBatches(0))
    expect(lines).toEqual([expect.stringMatching(/bomb\.png.*pixel limit/i)])
  })

  test.each(augmentations)('do not include a JPEG with bytes after its end (%s)', async (augmentation) => {
    const whole = await jpeg(32, 32)
    const folder = writeFiles(temporaryFolder(), { 'train/a/1.JPEG': Buffer.concat([whole, Buffer.alloc(10_000)]), 'val/a/1.JPEG': whole })
    expect(await collect((await open(folder, { resolution: 32, augmentation })).trainBatches(0))).toHaveLength(1)
  })

  test('a file that shrinks after it was listed is skipped', async () => {
    const folder = await imageNetFolder({ classes: ['a'], train: 3, val: 2 })
    const dataset = await open(folder, { resolution: 16 })
    writeFiles(folder, { 'train/a/a_1.JPEG': readFileSync(join(folder, 'train/a/a_1.JPEG')).subarray(0, 100) })
    await collect(dataset.trainBatches(0))
    expect(dataset.counts).toEqual({ train: 2, validation: 2, unreadable: 1 })
  })
})
