import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { networkCost } from '../../shared/network/cost.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { formatGenome } from '../../shared/space/format.js'
import { parseEncoding, parseGenome } from '../../shared/space/parse.js'
import { genomeViolation } from '../../shared/space/rules.js'
import { anyGenome, validGenome } from '../space/arbitrary-genome.js'
import { costByFormula } from './cost-by-formula.js'
import { derivedNetworks, publishedNetworks, referenceNetworks } from './published-networks.js'

test('the tables are complete', () => {
  expect(referenceNetworks).toHaveLength(34)
  expect(derivedNetworks).toHaveLength(20)
})

describe.each(publishedNetworks)('$encoding at $resolution pixels, $classes classes', ({ encoding, resolution, classes, ...published }) => {
  const genome = parseGenome(encoding)

  test('costs exactly what was counted', () => {
    const { params, macs, activations } = published
    expect(networkCost(buildLayerGraph(genome, { resolution, classes }))).toEqual({ params, macs, activations })
    expect(genomeCost(genome, { resolution, classes })).toEqual({ params, macs, activations })
  })

  test('reads back as it was written', () => {
    expect(formatGenome(genome)).toBe(encoding)
  })
})

test.each(referenceNetworks)('the released $encoding is canonical', ({ encoding }) => {
  expect(canonicalEncoding(parseGenome(encoding))).toBe(encoding)
})

test('layers, plan and the second count from the text agree', () => {
  fc.assert(
    fc.property(validGenome, fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2000 }), (genome, resolution, classes) => {
      const { params, macs, activations } = costByFormula(formatGenome(genome), resolution, classes)
      const expected = { params: Number(params), macs: Number(macs), activations: Number(activations) }
      expect(networkCost(buildLayerGraph(genome, { resolution, classes }))).toEqual(expected)
      expect(genomeCost(genome, { resolution, classes })).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

describe('the limit of 2^53 - 1', () => {
  const largest = BigInt(Number.MAX_SAFE_INTEGER)
  const widest = fc.tuple(anyGenome, fc.integer({ min: 0, max: 40 })).map(([{ block }, repeats]) => ({
    block: { ...block, ratios: block.ratios.map(() => 4) },
    stemChannels: 4096,
    macro: [4, 4, ...Array.from({ length: repeats }, () => 1)].map((multiplier) => ({ multiplier, stride: 1 as const })),
  }))

  test('is drawn exactly: judged in doubles as in big integers', () => {
    const seen = { valid: 0, refused: 0 }
    fc.assert(
      fc.property(widest, (genome) => {
        const violation = genomeViolation(genome)
        fc.pre(violation === null || violation.reason.includes('2^53'))
        const { params, macs, activations } = costByFormula(formatGenome(genome), 224, 1000)
        seen[violation === null ? 'valid' : 'refused']++
        expect(violation === null).toBe(params <= largest && macs <= largest && activations <= largest)
      }),
      { numRuns: 300 },
    )
    expect(seen.valid).toBeGreaterThan(10)
    expect(seen.refused).toBeGreaterThan(10)
  })

  test('names the block that crosses it', () => {
    const text = `04040-_4096_44${'1'.repeat(20)}`
    const parsed = parseEncoding(text)
    if (parsed.ok) throw new Error('should be refused')
    const upTo = (position: number): bigint => costByFormula(text.slice(0, position), 224, 0).macs
    expect(upTo(parsed.position) <= largest).toBe(true)
    expect(upTo(parsed.position + 1) > largest).toBe(true)
  })
})

test.each([
  { resolution: 0, classes: 10 },
  { resolution: 1.5, classes: 10 },
  { resolution: Number.NaN, classes: 10 },
  { resolution: 1e9, classes: 10 },
  { resolution: 32, classes: 0 },
  { resolution: 32, classes: -1 },
])('an input of %j is refused', (size) => {
  const genome = parseGenome('0-_4_1')
  expect(() => buildLayerGraph(genome, size)).toThrow(InvalidInputError)
  expect(() => genomeCost(genome, size)).toThrow(InvalidInputError)
})
