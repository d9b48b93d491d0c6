import type { Rng } from '../../shared/rng.js'
import type { Admission } from './admission.js'
import type { Offspring } from './offspring.js'
import type { Proposal } from './search.js'
import type { SearchSpace } from './search-space.js'

/** Steps that a child may take away from what is known. */
const longestWalk = 40
const sampleTries = 200
/** A space up to this size is walked through once random draws no longer find a genome that is new. */
const largestEnumeratedSpace = 1_000_000

/** Every key a search has handed out, been told of or turned away, so that nothing is evaluated twice. */
export class AskedKeys<G> {
  private readonly keys = new Set<string>()

  constructor(private readonly space: SearchSpace<G>) {}

  has(key: string): boolean {
    return this.keys.has(key)
  }

  add(key: string): void {
    this.keys.add(key)
  }

  /** As if it had never been asked. */
  remove(key: string): void {
    this.keys.delete(key)
  }

  /**
   * A proposal that is new: the child, or what mutations of it come to when it is known already, one after the other. The networks
   * around a population that stays are used up in a long search, but each step reaches many times as many as the one before. Where
   * the walk is too long, a random genome; none where there is none.
   */
  findNew(rng: Rng, child: Offspring<G>): Proposal | undefined {
    if (this.space.enumeration !== undefined && this.keys.size >= this.space.enumeration.size) return undefined
    let { genome, operator, parents } = child
    for (let steps = 0; steps < longestWalk; steps++) {
      const key = this.space.key(genome)
      if (!this.keys.has(key)) return { key, operator, parents }
      ;({ genome, operator } = this.space.mutate(rng, genome))
      parents = [key]
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

/** Who knows what has been asked, and what must not be. */
export interface AskedAndAdmitted {
  readonly asked: Pick<AskedKeys<unknown>, 'add'>
  /** null = everything is admitted. */
  readonly admission: Admission | null
}

/** Up to `count` proposals, each marked as asked before the next is made. */
export function askEach(count: number, { asked, admission }: AskedAndAdmitted, next: () => Proposal | undefined): Proposal[] {
  const proposals: Proposal[] = []
  while (proposals.length < count) {
    const proposal = admission === null ? next() : admission.admitted(next)
    if (proposal === undefined) break
    asked.add(proposal.key)
    proposals.push(proposal)
  }
  return proposals
}

/** Takes keys off the front of a list up to the first that is new. */
export function nextNew<G>(keys: string[], asked: AskedKeys<G>): string | undefined {
  for (;;) {
    const key = keys.shift()
    if (key === undefined || !asked.has(key)) return key
  }
}
