import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { createRng } from '../../shared/rng.js'
import { randomResizedCrop } from '../../worker/data/crop-box.js'
import { resampleBox } from '../../worker/data/resample.js'
import { type ResizedImage, copyCentre } from '../../worker/data/resized-image.js'
import { gradient } from './image-files.js'

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const side = fc.integer({ min: 1, max: 40 })

function noise(width: number, height: number, seed: number): ResizedImage {
  const rng = createRng(seed)
  return { width, height, pixels: Uint8Array.from({ length: width * height * 3 }, () => rng.integer(256)) }
}

/** One pixel of the result by its definition: a triangle over the box in both directions, in floating point. */
function pixelOf({ width, pixels }: ResizedImage, box: { left: number; top: number; width: number; height: number }, resolution: number, x: number, y: number, channel: number): number {
  const weights = (from: number, length: number, at: number): [number, number][] => {
    const scale = length / resolution
    const support = Math.max(1, scale)
    const centre = from + (at + 0.5) * scale - 0.5
    const all = Array.from({ length }, (_, index): [number, number] => [from + index, Math.max(0, 1 - Math.abs(from + index - centre) / support)])
    const sum = all.reduce((total, [, weight]) => total + weight, 0)
    return all.map(([position, weight]) => [position, weight / sum])
  }
  let value = 0
  for (const [row, down] of weights(box.top, box.height, y)) {
    for (const [column, across] of weights(box.left, box.width, x)) value += down * across * pixels[(row * width + column) * 3 + channel]
  }
  return value
}

describe('a resampled box', () => {
  test('is what a triangle filter gives, enlarged or reduced, mirrored or not', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 24 }), seeds, fc.boolean(), (width, height, resolution, seed, flip) => {
        const image = noise(width, height, seed)
        const box = randomResizedCrop(image, createRng(seed))
        const target = new Uint8Array(resolution * resolution * 3)
        resampleBox(image, box, resolution, flip, target)
        for (let at = 0; at < target.length; at++) {
          const [x, y] = [Math.floor(at / 3) % resolution, Math.floor(at / 3 / resolution)]
          // Each of the two passes rounds, to a grey level and to 1/4096.
          expect(Math.abs(target[at] - pixelOf(image, box, resolution, flip ? resolution - 1 - x : x, y, at % 3))).toBeLessThan(1.6)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('of the same size is a copy', () => {
    const image = noise(30, 20, 1)
    const target = new Uint8Array(16 * 16 * 3)
    resampleBox(image, { left: 5, top: 3, width: 16, height: 16 }, 16, false, target)
    const expected = new Uint8Array(target.length)
    copyCentre({ ...image, pixels: image.pixels }, 16, expected)
    resampleBox(image, { left: 7, top: 2, width: 16, height: 16 }, 16, false, target)
    expect(target).toEqual(expected)
  })

  test('looks as libvips resizes it', async () => {
    const [width, height, resolution] = [97, 73, 64]
    const image = { width, height, pixels: gradient(width, height) }
    const box = { left: 11, top: 5, width: 80, height: 66 }
    const target = new Uint8Array(resolution * resolution * 3)
    resampleBox(image, box, resolution, true, target)
    const expected = await sharp(image.pixels, { raw: { width, height, channels: 3 } }).extract(box).resize(resolution, resolution, { fit: 'fill', kernel: 'linear' }).flop().raw().toBuffer()
    expect(target.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at])), 0)).toBeLessThanOrEqual(3)
  })
})
