import type { Rng } from '../../shared/rng.js'
import type { Offspring } from './offspring.js'
import type { Proposal } from './search.js'
import type { SearchSpace } from './search-space.js'

const offspringTries = 40
const sampleTries = 200
/** A space up to this size is walked through once random draws no longer find a genome that is new. */
const largestEnumeratedSpace = 1_000_000

/** Every key a search has handed out or been told of, so that nothing is evaluated twice. */
export class AskedKeys<G> {
  private readonly keys = new Set<string>()

  constructor(private readonly space: SearchSpace<G>) {}

  has(key: string): boolean {
    return this.keys.has(key)
  }

  add(key: string): void {
    this.keys.add(key)
  }

  /** A proposal that is new: what `make` gives within a bounded number of tries, else a random genome, else none. */
  findNew(rng: Rng, make: () => Offspring<G>): Proposal | undefined {
    if (this.space.enumeration !== undefined && this.keys.size >= this.space.enumeration.size) return undefined
    for (let tries = 0; tries < offspringTries; tries++) {
      const { genome, operator, parents } = make()
      const key = this.space.key(genome)
      if (!this.keys.has(key)) return { key, operator, parents }
    }
    const key = this.findNewSample(rng)
    return key === undefined ? undefined : { key, operator: 'sample', parents: [] }
  }

  /** A random key that is new; undefined when there is none, or (in a space that cannot be enumerated) none was met. */
  findNewSample(rng: Rng): string | undefined {
    for (let tries = 0; tries < sampleTries; tries++) {
      const key = this.space.key(this.space.sample(rng))
      if (!this.keys.has(key)) return key
    }
    return this.enumerateFrom(rng)
  }

  private enumerateFrom(rng: Rng): string | undefined {
    const { enumeration } = this.space
    if (enumeration === undefined || enumeration.size > largestEnumeratedSpace) return undefined
    const start = rng.integer(enumeration.size)
    for (let i = 0; i < enumeration.size; i++) {
      const key = this.space.key(enumeration.at((start + i) % enumeration.size))
      if (!this.keys.has(key)) return key
    }
    return undefined
  }
}
