import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../shared/errors.js'
import { type Rng, createRng, restoreRng } from '../shared/rng.js'

const draw = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next)

describe('the stream', () => {
  test('is that of xoshiro128** 1.1 from state 1, 2, 3, 4 (computed apart from the definition)', () => {
    const rng = restoreRng([1, 2, 3, 4])
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]
    expect(draw(10, () => rng.uint32())).toEqual(expected)
  })

  test('of a seed never changes: stored searches depend on it', () => {
    const rng = createRng(42)
    expect(rng.state()).toEqual([551831576, 144025891, 322543647, 3034809370])
    expect(draw(4, () => rng.uint32())).toEqual([660444221, 3652823732, 77672526, 910233633])
    expect(draw(4, () => rng.integer(10))).toEqual([6, 7, 4, 6])
    expect(rng.float()).toBe(0.5729110226561315)
    expect(rng.shuffle([1, 2, 3, 4, 5])).toEqual([2, 4, 1, 5, 3])
    expect(rng.normal()).toBeCloseTo(-0.7526368360062636, 12)
    expect(rng.fork().uint32()).toBe(535061988)
  })

  test('differs between seeds', () => {
    const first = Array.from({ length: 1000 }, (_, seed) => createRng(seed).uint32())
    expect(new Set(first).size).toBe(1000)
  })

  test('goes on from a stored state after a round trip through JSON', () => {
    const rng = createRng(7)
    const mixed = (source: Rng): unknown[] => draw(50, () => [source.float(), source.integer(7), source.normal(), source.shuffle([1, 2, 3])])
    mixed(rng)
    const copy = restoreRng(JSON.parse(JSON.stringify(rng.state())) as ReturnType<Rng['state']>)
    expect(mixed(copy)).toEqual(mixed(rng))
  })

  test('of a fork is its own', () => {
    const parent = createRng(3)
    const child = parent.fork()
    const after = parent.state()
    draw(100, () => child.uint32())
    expect(parent.state()).toEqual(after)
    expect(draw(5, () => child.uint32())).not.toEqual(draw(5, () => parent.uint32()))
  })
})

/** Pearson's statistic against equal expected counts. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

function histogram(bins: number, draws: number, next: () => number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (let i = 0; i < draws; i++) counts[next()]++
  return counts
}

describe('uniformity, by chi-square at the 0.1 % point', () => {
  // Critical values: 2 degrees of freedom 13.8, 9: 27.9, 15: 37.7, 23: 49.7, 99: 148.2.
  test.each([
    [3, 13.8],
    [10, 27.9],
    [16, 37.7],
    [100, 148.2],
  ])('of integers below %d', (bound, critical) => {
    const rng = createRng(11)
    expect(chiSquare(histogram(bound, 50_000, () => rng.integer(bound)))).toBeLessThan(critical)
  })

  test('of integers below a bound that a remainder would bias', () => {
    const rng = createRng(12)
    const bound = 3 * 2 ** 30
    // By remainder, the lowest third would be drawn twice as often as the others.
    expect(chiSquare(histogram(3, 50_000, () => Math.floor(rng.integer(bound) / 2 ** 30)))).toBeLessThan(13.8)
  })

  test('of floats, and of their low bits', () => {
    const rng = createRng(13)
    expect(chiSquare(histogram(100, 50_000, () => Math.floor(rng.float() * 100)))).toBeLessThan(148.2)
    expect(chiSquare(histogram(16, 50_000, () => (rng.float() * 2 ** 53) % 16))).toBeLessThan(37.7)
  })

  test('of shuffles: all 24 orders of four', () => {
    const rng = createRng(14)
    const orders = new Map<string, number>()
    draw(24_000, () => {
      const order = rng.shuffle([1, 2, 3, 4]).join('')
      orders.set(order, (orders.get(order) ?? 0) + 1)
    })
    expect(orders.size).toBe(24)
    expect(chiSquare([...orders.values()])).toBeLessThan(49.7)
  })

  test('of pick and chance', () => {
    const rng = createRng(15)
    expect(chiSquare(histogram(3, 30_000, () => rng.pick([0, 1, 2])))).toBeLessThan(13.8)
    const hits = draw(20_000, () => rng.chance(0.3)).filter(Boolean).length
    expect(Math.abs(hits - 6000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.3 * 0.7))
  })
})

test('normal deviates have mean 0 and variance 1', () => {
  const rng = createRng(16)
  const values = draw(50_000, () => rng.normal())
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(50_000))
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 50_000))
  expect(values.every(Number.isFinite)).toBe(true)
})

describe('what is refused', () => {
  test.each([-1, 0.5, Number.NaN, 2 ** 32, Infinity])('seed %d', (seed) => {
    expect(() => createRng(seed)).toThrow(InvalidInputError)
  })

  test.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('integer bound %d', (bound) => {
    expect(() => createRng(1).integer(bound)).toThrow(RangeError)
  })

  test('a state that is none', () => {
    expect(() => restoreRng([0, 0, 0, 0])).toThrow(InvalidInputError)
    expect(() => restoreRng([1, 2, 3, 2 ** 32])).toThrow(InvalidInputError)
    expect(() => restoreRng([1, 2, 3] as unknown as ReturnType<Rng['state']>)).toThrow(InvalidInputError)
  })

  test('picking from nothing', () => {
    expect(() => createRng(1).pick([])).toThrow(RangeError)
  })
})

test('the widest bound is taken', () => {
  const value = createRng(1).integer(2 ** 32)
  expect(value).toBe(createRng(1).uint32())
})
