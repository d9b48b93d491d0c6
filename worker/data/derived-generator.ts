import { createHash } from 'node:crypto'
import { createRng, type Rng } from '../../shared/rng.js'

/**
 * A generator for one named purpose, so that a draw depends on what it is for and never on what was drawn before it
 * (nor, in a loader, on which image happened to be decoded first).
 */
export function derivedGenerator(seed: number, ...purpose: readonly (string | number)[]): Rng {
  const digest = createHash('sha256').update([seed, ...purpose].join('\0')).digest()
  return createRng(digest.readUInt32LE(0))
}
