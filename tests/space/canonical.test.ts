import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildLayerGraph } from '../../shared/network/build.js'
import { canonicalEncoding, canonicalGenome } from '../../shared/space/canonical.js'
import type { Genome, Operation, Skip } from '../../shared/space/genome.js'
import { parseGenome } from '../../shared/space/parse.js'
import { genomeViolation } from '../../shared/space/rules.js'
import { createInterner, fingerprint } from '../network/fingerprint.js'
import { validGenome } from './arbitrary-genome.js'

const size = { resolution: 33, classes: 7 }

/** Another genome that may or may not be the same network: skips shuffled, residual written or not, an operation exchanged. */
function variations({ block, ...rest }: Genome): fc.Arbitrary<Genome> {
  const last = block.operations.length
  const inner = block.skips.filter(({ from, to }) => from !== 0 || to !== last)
  const residual: Skip = { kind: 'add', from: 0, to: last }
  const skips = fc
    .shuffledSubarray(inner, { minLength: inner.length })
    .chain((shuffled) => fc.option(fc.nat(inner.length), { nil: null }).map((at) => (at === null ? shuffled : shuffled.toSpliced(at, 0, residual))))
  const operations = fc
    .tuple(fc.nat(last - 1), fc.integer({ min: 0, max: 6 }), fc.boolean())
    .map(([index, id, exchange]) => (exchange ? block.operations.with(index, id as Operation) : block.operations))
  return fc.record({ skips, operations }).map((changed) => ({ ...rest, block: { ...block, ...changed } }))
}

describe('the canonical form', () => {
  test.each([
    ['020-a02_64_1', '020-_64_1', 'a written-out residual'],
    ['0-a01_64_1', '0-_64_1', 'the residual of one operation'],
    ['20032-a13a12_16_2', '20032-a12a13_16_2', 'skips by target'],
    ['02020-c02c01_64_1', '02020-c01c02_64_1', 'concats by target'],
    ['02020-a12a02_64_1', '02020-a02a12_64_1', 'neighbouring adds by source'],
    ['02020-a12c02_64_1', '02020-a12c02_64_1', 'no add across a concat'],
    ['02020-c02a12_64_1', '02020-c02a12_64_1', 'no add across a concat, the other way'],
    ['02020-c12c02_64_1', '02020-c12c02_64_1', 'concats keep their order'],
    ['02020-a12a03a02_64_1', '02020-a02a12_64_1', 'adds that only the residual parted'],
    ['5-_32_1', '0-_32_1', 'one group'],
    ['5-_48_11', '0-_48_11', 'one group at 32 to 63 channels'],
    ['5-_32_12', '0-_32_12', 'its input alone counts'],
    ['5-_32_121', '5-_32_121', 'two groups in one block'],
    ['5-_64_1', '2-_64_1', 'two groups'],
    ['5-_128_1', '3-_128_1', 'four groups'],
    ['4-_4_1', '3-_4_1', 'depthwise of four channels'],
    ['4-_2_1', '2-_2_1', 'depthwise of two channels'],
    ['4-_4_2', '3-_4_2', 'depthwise with twice the outputs'],
    ['4-_4_21', '4-_4_21', 'eight channels in the second block'],
    ['00424-_2_2', '00023-_2_2', 'depthwise of one channel, and of four'],
    ['6-_4_1', '6-_4_1', 'a separable operation is two layers'],
    ['1-_64_-2', '1-_64_-2', 'nothing else'],
  ])('of %s is %s: %s', (encoding, canonical) => {
    expect(canonicalEncoding(parseGenome(encoding))).toBe(canonical)
  })

  test('is idempotent, valid and the same network', () => {
    fc.assert(
      fc.property(validGenome, (genome) => {
        const canonical = canonicalGenome(genome)
        const interner = createInterner()
        expect(genomeViolation(canonical)).toBeNull()
        expect(canonicalGenome(canonical)).toEqual(canonical)
        expect(parseGenome(canonicalEncoding(genome))).toEqual(canonical)
        expect(fingerprint(buildLayerGraph(canonical, size), interner)).toBe(fingerprint(buildLayerGraph(genome, size), interner))
      }),
    )
  })

  test('is shared by two genomes exactly when their layers are the same network', () => {
    let equal = 0
    const pairs = validGenome.chain((genome) => variations(genome).map((other) => [genome, other] as const))
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        fc.pre(genomeViolation(b) === null)
        const interner = createInterner()
        const sameLayers = fingerprint(buildLayerGraph(a, size), interner) === fingerprint(buildLayerGraph(b, size), interner)
        if (sameLayers) equal++
        expect(canonicalEncoding(a) === canonicalEncoding(b)).toBe(sameLayers)
      }),
      { numRuns: 500 },
    )
    expect(equal).toBeGreaterThan(50)
  })
})
