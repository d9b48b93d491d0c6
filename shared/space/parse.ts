import type { BlockGenome, Genome, MacroBlock, Operation, Skip } from './genome.js'
import { type EncodingFault, InvalidEncodingError } from './invalid-encoding.js'
import { limits } from './limits.js'
import { type Locus, genomeViolation, skipRule, stemRule } from './rules.js'

export type ParsedEncoding = { readonly ok: true; readonly genome: Genome } | ({ readonly ok: false } & EncodingFault)

/** Ends the reading of a string; never leaves this file. */
class Fault extends Error {
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(reason)
  }
}

/** Where the parts of a genome stand in its encoding. */
interface Positions {
  readonly operations: number[]
  readonly ratios: number[]
  readonly skips: number[]
  stem: number
  readonly blocks: number[]
}

/** Reads ASCII characters one by one; every fault is at the first character that no valid encoding could have there. */
class Reader {
  readonly positions: Positions = { operations: [], ratios: [], skips: [], stem: 0, blocks: [] }
  private at = 0

  constructor(private readonly text: string) {}

  genome(): Genome {
    const block = this.block()
    const stemChannels = this.stemChannels()
    return { block, stemChannels, macro: this.macro() }
  }

  private found(): string {
    const code = this.text.codePointAt(this.at)
    if (code === undefined) return 'the end'
    return code > 0x20 && code < 0x7f ? `"${String.fromCodePoint(code)}"` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  }

  private fail(expected: string): never {
    throw new Fault(`expected ${expected}, found ${this.found()}`, this.at)
  }

  /** The digit at the current position, or -1. */
  private peekDigit(): number {
    const digit = this.text.charCodeAt(this.at) - 48
    return digit >= 0 && digit <= 9 ? digit : -1
  }

  private digit(min: number, max: number, expected: string): number {
    const digit = this.peekDigit()
    if (digit < min || digit > max) this.fail(expected)
    this.at++
    return digit
  }

  private accept(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  private expect(character: string, expected: string): void {
    if (!this.accept(character)) this.fail(expected)
  }

  private block(): BlockGenome {
    const operations: Operation[] = []
    const ratios: number[] = []
    for (;;) {
      this.positions.operations.push(this.at)
      operations.push(this.digit(0, 6, 'an operation (0 to 6)') as Operation)
      if (this.peekDigit() === -1 || operations.length === limits.operations) break
      this.positions.ratios.push(this.at)
      ratios.push(this.digit(0, limits.ratio, `a ratio (0 to ${limits.ratio})`))
    }
    const complete = operations.length === limits.operations
    this.expect('-', complete ? `"-" after ${limits.operations} operations` : 'a ratio (0 to 4) and another operation, or "-"')
    return { operations, ratios, skips: this.skips(operations.length) }
  }

  private skips(operations: number): Skip[] {
    const skips: Skip[] = []
    while (!this.accept('_')) {
      const start = this.at
      const kind = this.accept('a') ? 'add' : this.accept('c') ? 'concat' : this.fail('a skip ("a" or "c") or "_"')
      const from = this.digit(0, 9, 'the place a skip comes from')
      const to = this.digit(0, 9, 'the place a skip leads to')
      const skip: Skip = { kind, from, to }
      const broken = skipRule(skip, skips, operations)
      if (broken !== null) throw new Fault(broken, start)
      this.positions.skips.push(start)
      skips.push(skip)
    }
    return skips
  }

  private stemChannels(): number {
    const start = this.at
    this.positions.stem = start
    if (this.peekDigit() === 0) throw new Fault('the stem channels are a decimal number from 2 without leading zeros', start)
    const most = String(limits.maxStemChannels).length
    let channels = 0
    while (this.peekDigit() !== -1 && this.at - start <= most) channels = channels * 10 + this.digit(0, 9, 'a digit')
    if (this.at === start) this.fail('the stem channels')
    const broken = stemRule(channels)
    if (broken !== null) throw new Fault(broken, start)
    this.expect('_', 'a digit or "_"')
    return channels
  }

  private macro(): MacroBlock[] {
    const macro: MacroBlock[] = []
    do {
      const dash = this.at
      const stride = this.accept('-') ? 2 : 1
      if (stride === 2 && this.at === this.text.length) throw new Fault('the macro string must not end in "-"', dash)
      if (macro.length === limits.blocks) throw new Fault(`a network has at most ${limits.blocks} blocks`, this.at)
      this.positions.blocks.push(this.at)
      const expected = stride === 2 ? 'a block (1 to 9) after "-"' : 'a block (1 to 9) or "-"'
      macro.push({ multiplier: this.digit(1, limits.multiplier, expected), stride })
    } while (this.at < this.text.length)
    return macro
  }
}

function positionOf(locus: Locus, { operations, ratios, skips, stem, blocks }: Positions): number {
  switch (locus.part) {
    case 'operation':
      return operations[locus.index]
    case 'ratio':
      return ratios[locus.index]
    case 'skip':
      return skips[locus.index]
    case 'stem':
      return stem
    case 'block':
      return blocks[locus.index]
  }
}

/**
 * Reads an encoding and checks every rule of the search space. The position of a fault is the first character that cannot stand
 * there or, for a rule about meaning, the first character of the part that breaks it: an operation's digit (groups), a ratio's
 * digit (fractional width), a skip's letter, the first digit of the stem channels, a block's digit (width, blocks, cost).
 * Never throws; its time is bounded however long the text is.
 */
export function parseEncoding(text: string): ParsedEncoding {
  const reader = new Reader(text)
  try {
    const genome = reader.genome()
    const violation = genomeViolation(genome)
    if (violation === null) return { ok: true, genome }
    return { ok: false, reason: violation.reason, position: positionOf(violation.locus, reader.positions) }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, reason: error.reason, position: error.position }
    throw error
  }
}

/** @throws InvalidEncodingError with reason and position. */
export function parseGenome(text: string): Genome {
  const parsed = parseEncoding(text)
  if (!parsed.ok) throw new InvalidEncodingError(text, parsed)
  return parsed.genome
}
