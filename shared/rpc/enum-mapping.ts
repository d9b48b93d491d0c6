import { InvalidInputError } from '../errors.js'

/** A one-to-one mapping between the words of the domain and the numbers of a wire enum. */
export interface EnumMapping<Word extends string, Code extends number> {
  toCode(word: Word): Code
  /** @throws InvalidInputError for a number that stands for no word. */
  toWord(code: Code, field: string): Word
}

export function enumMapping<Word extends string, Code extends number>(codes: Readonly<Record<Word, Code>>): EnumMapping<Word, Code> {
  const words = new Map(Object.entries(codes).map(([word, code]) => [code as Code, word as Word]))
  return {
    toCode: (word) => codes[word],
    toWord(code, field) {
      const word = words.get(code)
      if (word === undefined) throw new InvalidInputError(`${field} has no value ${code}`)
      return word
    },
  }
}
