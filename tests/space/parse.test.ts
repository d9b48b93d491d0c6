import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { formatGenome } from '../../shared/space/format.js'
import { InvalidEncodingError } from '../../shared/space/invalid-encoding.js'
import { parseEncoding, parseGenome } from '../../shared/space/parse.js'
import { anyGenome, validGenome } from './arbitrary-genome.js'

const blocks = (count: number): string => '1'.repeat(count)

/** Encoding, position of the character that breaks the rule, words of the reason. */
const invalid: readonly (readonly [encoding: string, position: number, reason: RegExp])[] = [
  // the block's layers
  ['', 0, /operation.*the end/],
  ['-', 0, /operation/],
  ['-_64_1', 0, /operation/],
  ['7-_64_1', 0, /operation.*"7"/],
  ['a-_64_1', 0, /operation/],
  ['0', 1, /"-".*the end/],
  ['0_64_1', 1, /"-".*"_"/],
  ['05-_64_1', 1, /ratio/],
  ['02-_64_1', 2, /operation.*"-"/],
  ['029-_64_1', 2, /operation/],
  ['0202-_64_1', 4, /operation/],
  ['0202020-_64_1', 5, /after 3 operations/],
  [' 020-_64_1', 0, /U\+0020/],
  ['020 -_64_1', 3, /U\+0020/],
  ['０20-_64_1', 0, /U\+FF10/],
  ['0٢0-_64_1', 1, /U\+0662/],
  ['020–_64_1', 3, /U\+2013/],
  ['😀', 0, /U\+1F600/],
  // skips
  ['020-b12_64_1', 4, /skip.*"b"/],
  ['020-A12_64_1', 4, /skip/],
  ['020-a_64_1', 5, /comes from/],
  ['020-a1_64_1', 6, /leads to/],
  ['020-a1', 6, /leads to.*the end/],
  ['020-a11_64_1', 4, /forward/],
  ['020-a21_64_1', 4, /forward/],
  ['020-a13_64_1', 4, /last place is 2/],
  ['020-a12c12_64_1', 7, /second skip/],
  ['02020-a12a02a12_64_1', 12, /second skip/],
  ['020-a02a02_64_1', 7, /second skip/],
  ['020-c02_64_1', 4, /residual/],
  ['020-c12_64_1', 4, /last place/],
  ['020-a12', 7, /"_".*the end/],
  // the stem
  ['020-_', 5, /stem channels/],
  ['020-__1', 5, /stem channels/],
  ['020-_-64_1', 5, /stem channels/],
  ['020-_064_1', 5, /leading zeros/],
  ['020-_0_1', 5, /leading zeros/],
  ['020-_1_1', 5, /2 to 4096/],
  ['020-_65_1', 5, /even/],
  ['020-_4098_1', 5, /2 to 4096/],
  ['020-_99999999999999999999_1', 5, /2 to 4096/],
  ['020-_6e1_1', 6, /"e"/],
  ['020-_64', 7, /"_".*the end/],
  ['020-_64x1', 7, /"x"/],
  // the macro string
  ['020-_64_', 8, /block.*the end/],
  ['020-_64_0', 8, /1 to 9.*"0"/],
  ['020-_64_1-01', 10, /1 to 9/],
  ['020-_64_1--1', 10, /after "-".*"-"/],
  ['020-_64_--1', 9, /after "-"/],
  ['020-_64_1-', 9, /end in "-"/],
  ['020-_64_-', 8, /end in "-"/],
  ['020-_64_1 ', 9, /U\+0020/],
  ['020-_64_1\n', 9, /U\+000A/],
  ['020-_64_1\r', 9, /U\+000D/],
  ['020-_64_1\0', 9, /U\+0000/],
  ['020-_64_1_1', 9, /"_"/],
  [`020-_64_${blocks(257)}`, 264, /256 blocks/],
  [`020-_64_${blocks(256)}-1`, 265, /256 blocks/],
  // widths
  ['020-_64_999999', 11, /65536/],
  ['000-_2_1', 1, /whole number/],
  ['02100-_2_1', 3, /whole number/],
  // groups
  ['3-_2_1', 0, /operation 3/],
  ['3-_6_1', 0, /operation 3/],
  ['003-_8_1', 2, /operation 3/],
  ['404-_64_1', 0, /operation 4/],
  ['5-_30_1', 0, /at least 32/],
  ['5-_16_112', 0, /at least 32/],
  ['5-_98_1', 0, /3 groups/],
  ['02420-c01_64_1', 2, /operation 4.*128 to 64/],
  // exact counts
  [`04040-_4096_44${blocks(254)}`, 16, /2\^53 - 1 MACs/],
]

describe('an invalid encoding', () => {
  test.each(invalid)('%j is refused at %d', (encoding, position, reason) => {
    expect(parseEncoding(encoding)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string, position })
  })

  test('every rule is in the table', () => {
    expect(invalid.length).toBeGreaterThanOrEqual(40)
  })

  test('throws a typed error of one printable line', () => {
    const attempt = (): unknown => parseGenome('02\u001b[31m0-_64_1\n')
    expect(attempt).toThrow(InvalidEncodingError)
    expect(attempt).toThrow(InvalidInputError)
    expect(attempt).toThrow('invalid encoding "02\\u{1b}[31m0-_64_1\\u{a}": expected an operation (0 to 6), found U+001B (position 2)')
  })

  test('carries facts for machines', () => {
    const error = new InvalidEncodingError('7-_64_1', { reason: 'why', position: 0 })
    expect(error).toMatchObject({ code: 'invalid_encoding', exitCode: 2, details: { encoding: '7-_64_1', reason: 'why', position: 0 } })
  })

  test.each([
    ['0'.repeat(5_000_000)],
    [`020-_64_${'1-'.repeat(2_000_000)}`],
    [`020-${'a12'.repeat(2_000_000)}_64_1`],
    [`020-_${'9'.repeat(5_000_000)}_1`],
    ['\u{1f600}'.repeat(1_000_000)],
  ])('of millions of characters is cut in the message', (encoding) => {
    try {
      parseGenome(encoding)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidEncodingError)
      expect((error as Error).message.length).toBeLessThan(1000)
    }
  })
})

describe('a valid encoding', () => {
  test.each([
    ['020-_64_-1', 'a leading "-"'],
    ['0-_2_1', 'the smallest'],
    ['020-a02_64_1', 'the residual written out'],
    ['0-a01_64_1', 'the residual of one operation'],
    [`0-_2_${'-1'.repeat(256)}`, '256 blocks, all of stride 2'],
    ['0-_4096_44', 'the widest'],
    ['4-_4_1', 'depthwise'],
    ['5-_32_12', 'one group'],
    ['020-c01_64_1', 'a concat from the input'],
    ['0-_64_123456', 'odd multipliers'],
  ])('%s: %s', (encoding) => {
    expect(parseEncoding(encoding)).toMatchObject({ ok: true })
  })

  test('parse after format is the identity', () => {
    fc.assert(
      fc.property(validGenome, (genome) => {
        expect(parseGenome(formatGenome(genome))).toEqual(genome)
      }),
    )
  })

  test('any genome is read back or refused at one of its characters', () => {
    fc.assert(
      fc.property(anyGenome, (genome) => {
        const encoding = formatGenome(genome)
        const parsed = parseEncoding(encoding)
        if (parsed.ok) expect(formatGenome(parsed.genome)).toBe(encoding)
        else expect(parsed.position).toBeLessThan(encoding.length)
      }),
    )
  })

  test('format after parse is the identity for whatever string is accepted', () => {
    const characters = fc.array(fc.constantFrom(...'0123456_-ac 9'), { maxLength: 30 }).map((parts) => parts.join(''))
    const codePoints = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 }).map((codes) => String.fromCodePoint(...codes))
    fc.assert(
      fc.property(fc.oneof(characters, codePoints, fc.string()), (text) => {
        const parsed = parseEncoding(text)
        if (parsed.ok) expect(formatGenome(parsed.genome)).toBe(text)
        else expect(parsed.position).toBeLessThanOrEqual(text.length)
      }),
    )
  })

  test('one changed character is refused there or before, or leaves a valid encoding', () => {
    fc.assert(
      fc.property(validGenome, fc.nat(), fc.constantFrom(...'x +.\u0661'), (genome, at, character) => {
        const encoding = formatGenome(genome)
        const index = at % encoding.length
        const changed = encoding.slice(0, index) + character + encoding.slice(index + 1)
        const parsed = parseEncoding(changed)
        expect(parsed.ok).toBe(false)
        if (!parsed.ok) expect(parsed.position).toBeLessThanOrEqual(index)
      }),
    )
  })
})
