import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRng } from '../../shared/rng.js'
import { randomResizedCrop, resizedGeometry } from '../../worker/data/crop-box.js'
import { applyPadCrop, randomPadCrop } from '../../worker/data/pad-crop.js'

const sizes = fc.record({ width: fc.integer({ min: 1, max: 3000 }), height: fc.integer({ min: 1, max: 3000 }) })
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('a random resized crop', () => {
  test('lies within the image, whatever its shape', () => {
    fc.assert(
      fc.property(sizes, seeds, (image, seed) => {
        const { left, top, width, height } = randomResizedCrop(image, createRng(seed))
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0)
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(1)
        expect(left + width).toBeLessThanOrEqual(image.width)
        expect(top + height).toBeLessThanOrEqual(image.height)
      }),
    )
  })

  test('has area 0.08 to 1 and aspect ratio 3/4 to 4/3, up to rounding, and covers the range', () => {
    const image = { width: 500, height: 375 }
    const rng = createRng(1)
    const crops = Array.from({ length: 2000 }, () => randomResizedCrop(image, rng))
    const areas = crops.map(({ width, height }) => (width * height) / (500 * 375))
    const ratios = crops.map(({ width, height }) => width / height)
    expect(Math.min(...areas)).toBeGreaterThan(0.079)
    expect(Math.min(...areas)).toBeLessThan(0.1)
    expect(Math.max(...areas)).toBeGreaterThan(0.95)
    expect(Math.min(...ratios)).toBeGreaterThan(0.74)
    expect(Math.max(...ratios)).toBeLessThan(1.35)
    // In a 4:3 image a box of area share a and aspect r fits if r >= 4/3 a, so with chance min(1, -ln a / ln(16/9));
    // the mean of a over 0.08..1 with that weight is (0.1550 + 0.1388) / (0.4825 + 0.1978) = 0.432.
    expect(Math.abs(areas.reduce((sum, area) => sum + area, 0) / areas.length - 0.432)).toBeLessThan(0.02)
  })

  test('of a ribbon, where no box fits, is its centre', () => {
    expect(randomResizedCrop({ width: 1000, height: 10 }, createRng(1))).toEqual({ left: 493, top: 0, width: 13, height: 10 })
    expect(randomResizedCrop({ width: 10, height: 1000 }, createRng(1))).toEqual({ left: 0, top: 493, width: 10, height: 13 })
  })
})

describe('the geometry of a resized image', () => {
  test('brings the shorter side to 256/224 of the resolution', () => {
    expect(resizedGeometry({ width: 500, height: 375 }, 224)).toEqual({
      kept: { left: 0, top: 0, width: 500, height: 375 },
      resized: { width: 341, height: 256 },
    })
    expect(resizedGeometry({ width: 224, height: 224 }, 224).resized).toEqual({ width: 224, height: 224 })
  })

  test('keeps the middle of a ribbon, so that its size is bounded by the resolution', () => {
    expect(resizedGeometry({ width: 10, height: 100 }, 224)).toEqual({ kept: { left: 0, top: 30, width: 10, height: 40 }, resized: { width: 256, height: 1024 } })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e8 }), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 320 }), (width, height, resolution) => {
        const { kept, resized } = resizedGeometry({ width, height }, resolution)
        expect(Math.min(kept.left, kept.top)).toBeGreaterThanOrEqual(0)
        expect(kept.left + kept.width).toBeLessThanOrEqual(width)
        expect(kept.top + kept.height).toBeLessThanOrEqual(height)
        expect(Math.min(resized.width, resized.height)).toBeGreaterThanOrEqual(resolution)
        expect(resized.width * resized.height).toBeLessThanOrEqual(4 * (1.15 * resolution + 1) ** 2)
      }),
    )
  })
})

/** Row after row: pad by mirroring without the border pixel, cut, mirror. The slow, literal way. */
function padCropLiterally(rows: number[][][], padding: number, left: number, top: number, flip: boolean): number[][][] {
  const pad = <T>(line: T[]): T[] => [...line.slice(1, padding + 1).reverse(), ...line, ...line.slice(-padding - 1, -1).reverse()]
  const side = rows.length
  const padded = padding === 0 ? rows : pad(rows.map((row) => pad(row)))
  const cut = padded.slice(top, top + side).map((row) => row.slice(left, left + side))
  return flip ? cut.map((row) => [...row].reverse()) : cut
}

describe('a pad crop', () => {
  test('equals padding, cutting and mirroring one after the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), seeds, (side, seed) => {
        const rng = createRng(seed)
        const source = Uint8Array.from({ length: side * side * 3 }, () => rng.integer(256))
        const crop = randomPadCrop(side, rng)
        const target = new Uint8Array(source.length)
        applyPadCrop(source, target, side, crop)
        const pixel = (x: number, y: number): number[] => [...source.subarray((y * side + x) * 3, (y * side + x) * 3 + 3)]
        const rows = Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => pixel(x, y)))
        const expected = padCropLiterally(rows, crop.padding, crop.left, crop.top, crop.flip)
        expect([...target]).toEqual(expected.flat(2))
      }),
    )
  })

  test('moves by up to an eighth of the side and mirrors half of the time', () => {
    const rng = createRng(5)
    const crops = Array.from({ length: 4000 }, () => randomPadCrop(64, rng))
    expect(new Set(crops.map(({ left }) => left))).toEqual(new Set(Array.from({ length: 17 }, (_, offset) => offset)))
    expect(new Set(crops.map(({ top }) => top)).size).toBe(17)
    expect(crops.filter(({ flip }) => flip).length / crops.length).toBeCloseTo(0.5, 1)
  })
})
