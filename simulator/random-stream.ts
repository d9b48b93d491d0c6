import { createRng, type Rng } from '../shared/rng.js'

/**
 * A generator of its own for what the words name (a worker, a network), whatever is drawn elsewhere and in whichever order.
 * The words are hashed by FNV-1a (Fowler, Noll and Vo), 32 bits.
 */
export function randomStream(seed: number, ...words: readonly (string | number)[]): Rng {
  let hash = 0x811c9dc5
  for (const character of `${seed}/${words.join('/')}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return createRng(hash >>> 0)
}
