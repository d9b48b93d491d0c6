import { InvalidInputError } from '../errors.js'

/**
 * Checks of what came over the wire, where every field is optional and any value is possible. Each returns the value or
 * throws an InvalidInputError that names the field.
 */

export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new InvalidInputError(`${field} is missing`)
  return value
}

/** A finite number in [minimum, maximum]. */
export function within(value: number, minimum: number, maximum: number, field: string): number {
  if (!(value >= minimum && value <= maximum) || !Number.isFinite(value)) {
    throw new InvalidInputError(`${field} must be a number from ${minimum} to ${maximum}, got ${value}`)
  }
  return value
}

/** A whole number in [minimum, maximum]. */
export function whole(value: number | bigint, minimum: number, maximum: number, field: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new InvalidInputError(`${field} must be a whole number, got ${value}`)
  return within(number, minimum, maximum, field)
}

/** Text of 1 to `longest` characters. */
export function text(value: string, longest: number, field: string): string {
  if (value.length === 0) throw new InvalidInputError(`${field} is empty`)
  if (value.length > longest) throw new InvalidInputError(`${field} has ${value.length} characters; the limit is ${longest}`)
  return value
}

/** Text for people and logs: cut to its limit, on one line, without control characters. */
export function remark(value: string, longest = 1_000): string {
  // eslint-disable-next-line no-control-regex
  return value.slice(0, longest).replace(/[\u0000-\u001f\u007f]+/g, ' ')
}

/** A name that may become part of a path or a metric: no separators, no leading dot. */
export function identifier(value: string, field: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(value)) {
    throw new InvalidInputError(`${field} must have 1 to 64 letters, digits, dots, dashes or underscores, got '${remark(value, 80)}'`)
  }
  return value
}

export function duration(value: bigint, longestMs: number, field: string): number {
  return whole(value, 0, longestMs, field)
}

/** The longest time anything of a search may be told to take, milliseconds: ten years. */
export const longestDurationMs = 10 * 366 * 24 * 3600 * 1000
