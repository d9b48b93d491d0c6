import { InvalidInputError } from './errors.js'

/** Complete state of a generator: four unsigned 32-bit words. Plain JSON, so that it can be stored with a search. */
export type RngState = readonly [number, number, number, number]

/** The only source of randomness of the pure rooms: always passed in, never global. */
export interface Rng {
  /** Uniform unsigned 32-bit integer. */
  uint32(): number
  /** Uniform float in [0, 1) with 53 random bits. */
  float(): number
  /** Uniform integer in [0, bound); bound from 1 to 2^32. */
  integer(bound: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  /** One item, uniformly; throws on an empty list. */
  pick<T>(items: readonly T[]): T
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[]
  /** Standard normal deviate (Box-Muller, no cached second value, so that the state stays four words). */
  normal(): number
  /** An independent generator whose seed is drawn from this one. */
  fork(): Rng
  state(): RngState
}

/** SplitMix32, used only to spread a seed over the state words. */
function splitMix32(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x9e3779b9) >>> 0
    let t = a ^ (a >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
}

const rotateLeft = (x: number, k: number): number => ((x << k) | (x >>> (32 - k))) >>> 0

/** xoshiro128** 1.1 (Blackman and Vigna, 2018). */
class Xoshiro128 implements Rng {
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(state: RngState) {
    ;[this.a, this.b, this.c, this.d] = state
  }

  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.b, 5), 7), 9) >>> 0
    const t = (this.b << 9) >>> 0
    this.c = (this.c ^ this.a) >>> 0
    this.d = (this.d ^ this.b) >>> 0
    this.b = (this.b ^ this.c) >>> 0
    this.a = (this.a ^ this.d) >>> 0
    this.c = (this.c ^ t) >>> 0
    this.d = rotateLeft(this.d, 11)
    return result
  }

  float(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 4294967296) throw new RangeError(`integer bound must be in 1..2^32, got ${bound}`)
    // Rejection keeps the draw exactly uniform for every bound.
    const limit = 4294967296 - (4294967296 % bound)
    for (;;) {
      const value = this.uint32()
      if (value < limit) return value % bound
    }
  }

  chance(probability: number): boolean {
    return this.float() < probability
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick from an empty list')
    return items[this.integer(items.length)]
  }

  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = copy[i]
      copy[i] = copy[j]
      copy[j] = held
    }
    return copy
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()))
    return radius * Math.cos(2 * Math.PI * this.float())
  }

  fork(): Rng {
    return createRng(this.uint32())
  }

  state(): RngState {
    return [this.a, this.b, this.c, this.d]
  }
}

/** Seeded generator; seed = integer in 0..2^32-1. Equal seeds give equal streams on every platform. */
export function createRng(seed: number): Rng {
  if (!Number.isInteger(seed) || seed < 0 || seed > 4294967295) {
    throw new InvalidInputError(`seed must be an integer from 0 to 4294967295, got ${seed}`)
  }
  const next = splitMix32(seed)
  return new Xoshiro128([next(), next(), next(), next()])
}

/** Generator that continues from a stored state. */
export function restoreRng(state: RngState): Rng {
  const valid = state.length === 4 && state.every((word) => Number.isInteger(word) && word >= 0 && word <= 4294967295)
  if (!valid || state.every((word) => word === 0)) throw new InvalidInputError(`not a generator state: ${JSON.stringify(state)}`)
  return new Xoshiro128(state)
}
