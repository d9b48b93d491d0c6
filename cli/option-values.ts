import { UsageError } from './output.js'

/** Both ends included. */
type ValueRange = readonly [least: number, most: number]

/** What a generator of random numbers can be given. */
export const seeds: ValueRange = [0, 4_294_967_295]

function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** @throws UsageError unless the value is an integer in the range. @param word as it was typed */
export function requireInteger(key: string, value: number, [least, most]: ValueRange, word = String(value)): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new UsageError(`${optionName(key)} must be an integer from ${least} to ${most}, got ${word}`)
}

/** @throws UsageError unless the value is a number in the range */
export function requireNumber(key: string, value: number, [least, most]: ValueRange): void {
  if (value >= least && value <= most) return
  throw new UsageError(`${optionName(key)} must be a number from ${least} to ${most}, got ${value}`)
}

/** The integer that a word names. @throws UsageError unless it is one in the range */
export function integerOf(key: string, word: string, range: ValueRange): number {
  const value = word.trim() === '' ? NaN : Number(word)
  requireInteger(key, value, range, `'${word}'`)
  return value
}

/** Integers separated by commas. @throws UsageError unless each of them is one in the range */
export function integersOf(key: string, list: string, range: ValueRange): number[] {
  return list.split(',').map((word) => integerOf(key, word, range))
}

/** `a, b` as a list; empty parts are left out. */
export function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
}
