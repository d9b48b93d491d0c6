import { InvalidInputError } from '../errors.js'

/** Why a string is no encoding, and the 0-based character that breaks the rule (its length where something is missing at the end). */
export interface EncodingFault {
  readonly reason: string
  readonly position: number
}

const shownCharacters = 64

/** A hostile or very long string in one short printable line. */
export function quoteEncoding(text: string): string {
  const shown = text.slice(0, shownCharacters).replace(/[^\x20-\x7e]|["\\]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
  return text.length > shownCharacters ? `"${shown}..." (${text.length} characters)` : `"${shown}"`
}

/** The text is no valid encoding: reason and position say what to change. */
export class InvalidEncodingError extends InvalidInputError {
  override readonly code = 'invalid_encoding'

  constructor(encoding: string, { reason, position }: EncodingFault) {
    super(`invalid encoding ${quoteEncoding(encoding)}: ${reason} (position ${position})`, {
      encoding: encoding.slice(0, 1024),
      reason,
      position,
    })
  }
}
