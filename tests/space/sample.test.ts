import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { createRng } from '../../shared/rng.js'
import { type SpaceBounds, boundsViolation, defaultBounds } from '../../shared/space/bounds.js'
import { canonicalEncoding, canonicalGenome } from '../../shared/space/canonical.js'
import { formatGenome } from '../../shared/space/format.js'
import { parseGenome } from '../../shared/space/parse.js'
import { sampleGenome, sampleSpread } from '../../shared/space/sample.js'
import { validateBounds } from '../../shared/space/validate-bounds.js'
import { widenBounds } from '../../shared/space/widen-bounds.js'
import { referenceNetworks } from '../network/published-networks.js'
import { validGenome } from './arbitrary-genome.js'

const macsOf = (encoding: string, { measuredAt }: SpaceBounds = defaultBounds): number => genomeCost(parseGenome(encoding), measuredAt).macs

describe('a sample', () => {
  test('is valid, canonical and within the bounds', () => {
    const rng = createRng(1)
    for (let i = 0; i < 150; i++) {
      const encoding = formatGenome(sampleGenome(rng, defaultBounds))
      expect(canonicalEncoding(parseGenome(encoding))).toBe(encoding)
      expect(boundsViolation(parseGenome(encoding), defaultBounds)).toBeNull()
    }
  })

  test('is the same for the same seed, and another for another', () => {
    const draws = (seed: number): string[] => {
      const rng = createRng(seed)
      return Array.from({ length: 20 }, () => formatGenome(sampleGenome(rng, defaultBounds)))
    }
    expect(draws(3)).toEqual(draws(3))
    expect(draws(3)).not.toEqual(draws(4))
  })

  test('covers every operation, number of operations, kind of skip, stem and number of downsamplings', () => {
    const rng = createRng(2)
    const seen = new Set<string>()
    for (let i = 0; i < 400; i++) {
      const { block, stemChannels, macro } = sampleGenome(rng, defaultBounds)
      for (const operation of block.operations) seen.add(`operation ${operation}`)
      for (const ratio of block.ratios) seen.add(`ratio ${ratio}`)
      for (const { kind } of block.skips) seen.add(kind)
      seen.add(`operations ${block.operations.length}`).add(`stem ${stemChannels}`).add(`skips ${block.skips.length}`)
      seen.add(`downsamplings ${macro.filter(({ stride }) => stride === 2).length}`).add(macro[0].stride === 2 ? 'leading' : 'inner')
    }
    expect(seen.size).toBe(7 + 5 + 2 + 3 + 4 + 3 + 2 + 2)
  })

  test('keeps to a narrow interval of MACs', () => {
    const bounds = { ...defaultBounds, macs: { min: 900_000_000, max: 1_000_000_000 } }
    const rng = createRng(5)
    for (let i = 0; i < 10; i++) {
      const macs = macsOf(formatGenome(sampleGenome(rng, bounds)))
      expect(macs).toBeGreaterThanOrEqual(900_000_000)
      expect(macs).toBeLessThanOrEqual(1_000_000_000)
    }
  })

  test('is refused where none was found', () => {
    const impossible = { ...defaultBounds, macs: { min: 0, max: 1000 } }
    const message = 'none of 10000 random networks is valid and within them'
    expect(() => sampleGenome(createRng(1), impossible)).toThrow(expect.toSatisfy((e) => e instanceof InvalidInputError && e.message.includes(message)))
  })
})

describe('a spread', () => {
  const bounds: SpaceBounds = { ...defaultBounds, measuredAt: { resolution: 32, classes: 10 } }

  test.each([2, 12, 24])('of %d is distinct, within the bounds and even in log MACs over more than a factor of 10', (count) => {
    const genomes = sampleSpread(createRng(7), bounds, count)
    const encodings = genomes.map(formatGenome)
    expect(new Set(encodings).size).toBe(count)
    for (const genome of genomes) expect(boundsViolation(genome, bounds)).toBeNull()
    const logs = encodings.map((encoding) => Math.log(macsOf(encoding, bounds))).sort((a, b) => a - b)
    const span = logs[count - 1] - logs[0]
    expect(span).toBeGreaterThan(Math.log(10))
    const gaps = logs.slice(1).map((value, index) => value - logs[index])
    expect(Math.max(...gaps)).toBeLessThan((3 * span) / (count - 1))
  })

  test('is the same for the same seed', () => {
    const draw = (): string[] => sampleSpread(createRng(9), bounds, 6).map(formatGenome)
    expect(draw()).toEqual(draw())
  })

  test('holds what there is where there are fewer', () => {
    const tiny: SpaceBounds = {
      ...bounds, operations: [0, 1], operationsPerBlock: { min: 1, max: 1 }, skips: { min: 0, max: 0 }, stemChannels: [32], multipliers: [2],
      blocks: { min: 2, max: 2 }, blocksPerStage: { min: 1, max: 2 }, downsamplings: { min: 0, max: 0 }, doublings: { min: 1, max: 1 }, finalWidth: { min: 64, max: 64 },
    }
    const found = sampleSpread(createRng(1), tiny, 10).map(formatGenome).sort()
    expect(found).toEqual(['0-_32_12', '0-_32_21', '1-_32_12', '1-_32_21'])
  })

  test('of one or none', () => {
    expect(sampleSpread(createRng(1), bounds, 1)).toHaveLength(1)
    expect(sampleSpread(createRng(1), bounds, 0)).toEqual([])
  })
})

describe('bounds', () => {
  test.each(referenceNetworks)('by default hold the released $encoding', ({ encoding }) => {
    expect(boundsViolation(parseGenome(encoding), defaultBounds)).toBeNull()
  })

  test.each<readonly [encoding: string, change: Partial<SpaceBounds>, reason: string]>([
    ['020-_64_2-1', { operations: [1, 2] }, 'operation 0 is not among 1, 2'],
    ['020-_64_2-1', { operationsPerBlock: { min: 3, max: 3 } }, '2 operations in a block, outside 3..3'],
    ['020-_64_2-1', { ratios: [0, 1] }, 'ratio 2 is not among 0, 1'],
    ['020-a01_64_2-1', { skips: { min: 0, max: 0 } }, '1 skips, outside 0..0'],
    ['020-c01_64_2-1', { skipKinds: ['add'] }, 'skip kind concat is not among add'],
    ['020-_64_2-1', { stemChannels: [32] }, 'stem width 64 is not among 32'],
    ['020-_64_4-1', { multipliers: [2] }, 'multiplier 4 is not among 1, 2'],
    ['020-_64_2-1', { blocks: { min: 3, max: 9 } }, '2 blocks, outside 3..9'],
    ['020-_64_2-1', { downsamplings: { min: 2, max: 3 } }, '1 downsamplings, outside 2..3'],
    ['020-_64_2-1', { doublings: { min: 2, max: 3 } }, '1 doublings, outside 2..3'],
    ['020-_64_2-1', { finalWidth: { min: 256, max: 512 } }, '128 channels at the end, outside 256..512'],
    ['020-_64_2-111', { blocksPerStage: { min: 1, max: 2 } }, '3 blocks in a stage, outside 1..2'],
    ['0-_4_1', { params: { min: 0, max: 10 } }, '5330 params, outside 0..10'],
    ['0-_4_1', { macs: { min: 0, max: 10 } }, 'MACs, outside 0..10'],
  ])('refuse %s with %j', (encoding, change, reason) => {
    const open: SpaceBounds = {
      ...defaultBounds, stemChannels: [4, 64], blocks: { min: 1, max: 20 }, downsamplings: { min: 0, max: 3 },
      doublings: { min: 0, max: 9 }, finalWidth: { min: 1, max: 4096 },
    }
    expect(boundsViolation(parseGenome(encoding), open)).toBeNull()
    expect(boundsViolation(parseGenome(encoding), { ...open, ...change })).toContain(reason)
  })

  test.each<readonly [change: Partial<SpaceBounds>, message: RegExp]>([
    [{ operations: [] }, /operations is empty/],
    [{ operations: [7 as 6] }, /operations must be 0 to 6, got 7/],
    [{ operations: [1, 1] }, /operations names a value twice/],
    [{ ratios: [5] }, /ratios must be 0 to 4/],
    [{ ratios: [], operationsPerBlock: { min: 2, max: 3 } }, /ratios is empty/],
    [{ operationsPerBlock: { min: 3, max: 2 } }, /min 3 above max 2/],
    [{ operationsPerBlock: { min: 0, max: 2 } }, /1 to 3, got 0/],
    [{ skips: { min: 3, max: 3 }, operationsPerBlock: { min: 1, max: 2 } }, /leave room for 2/],
    [{ skips: { min: 1, max: 1 }, skipKinds: [] }, /leave room for 0/],
    [{ skipKinds: ['mul' as 'add'] }, /"add" or "concat", got mul/],
    [{ stemChannels: [] }, /stemChannels is empty/],
    [{ stemChannels: [33] }, /even and from 2 to 4096, got 33/],
    [{ multipliers: [1] }, /2 to 9/],
    [{ blocks: { min: 1, max: 257 } }, /1 to 256, got 257/],
    [{ blocks: { min: 1, max: Number.NaN } }, /got NaN/],
    [{ blocks: { min: 1, max: 2 }, downsamplings: { min: 3, max: 3 } }, /3..4 stages of 1..30 blocks cannot make 1..2 blocks/],
    [{ blocksPerStage: { min: 1, max: 2 } }, /2..4 stages of 1..2 blocks cannot make 10..47 blocks/],
    [{ finalWidth: { min: 257, max: 383 } }, /no stem of 32, 48, 64, 128 channels/],
    [{ macs: { min: 2, max: 1 } }, /macs has min 2 above max 1/],
    [{ measuredAt: { resolution: 0, classes: 10 } }, /resolution must be an integer/],
  ])('that contradict themselves are refused: %j', (change, message) => {
    const attempt = (): void => validateBounds({ ...defaultBounds, ...change })
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(InvalidInputError)
  })

  test('widened around a network hold it and still make sense', () => {
    fc.assert(
      fc.property(validGenome, (genome) => {
        const canonical = canonicalGenome(genome)
        const widened = widenBounds({ ...defaultBounds, macs: { min: 1e9, max: 2e9 } }, canonical)
        expect(boundsViolation(canonical, widened)).toBeNull()
        expect(() => validateBounds(widened)).not.toThrow()
      }),
    )
    expect(widenBounds(defaultBounds, parseGenome('10001-_64_411-2111-211111-211'))).toEqual(defaultBounds)
  })

  test('that are accepted for stages can be sampled', () => {
    const range = (max: number): fc.Arbitrary<{ min: number; max: number }> =>
      fc.tuple(fc.integer({ min: 1, max }), fc.nat(4)).map(([min, more]) => ({ min, max: min + more }))
    fc.assert(
      fc.property(range(12), range(4), range(3), fc.nat(), (blocks, blocksPerStage, downsamplings, seed) => {
        const bounds: SpaceBounds = { ...defaultBounds, operations: [0], blocks, blocksPerStage, downsamplings, doublings: { min: 1, max: 1 }, finalWidth: { min: 64, max: 256 } }
        const accepted = (() => {
          try {
            validateBounds(bounds)
            return true
          } catch {
            return false
          }
        })()
        fc.pre(accepted)
        expect(boundsViolation(sampleGenome(createRng(seed % 1000), bounds), bounds)).toBeNull()
      }),
    )
  })
})
