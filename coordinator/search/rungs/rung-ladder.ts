import { InvalidInputError } from '../../../shared/errors.js'
import type { ConstrainedCosts } from '../dominance.js'
import { constrainedSort } from '../non-dominated-sort.js'
import { type Contender, nextPromoted } from './promotion.js'

/** What climbs: anything with a number of its own. */
export interface Climber {
  readonly sequence: number
}

/** A candidate that has earned the training of the next rung. */
export interface Promotion<C extends Climber> {
  readonly candidate: C
  /** The rung it goes to, from 1. */
  readonly rung: number
}

/** How many results a rung has, and how many of them have gone on. */
export interface RungCount {
  readonly results: number
  readonly promoted: number
}

/** Results of a rung that are compared at most: the best of all. A search of any length needs no more memory and time. */
const mostContenders = 1024
/** How many remain when there are more. */
const keptContenders = 768

class Rung<C extends Climber> {
  results = 0
  promoted = 0
  private contenders: (Contender & { readonly candidate: C })[] = []

  add(candidate: C, costs: ConstrainedCosts | null): void {
    this.results++
    if (costs === null) return
    this.contenders.push({ candidate, costs: costs.costs, violation: costs.violation, isPromoted: false })
    if (this.contenders.length > mostContenders) this.keepBest()
  }

  next(): C | undefined {
    const index = nextPromoted(this.contenders)
    return index === undefined ? undefined : this.contenders[index].candidate
  }

  promote(sequence: number): void {
    this.promoted++
    const index = this.contenders.findIndex(({ candidate }) => candidate.sequence === sequence)
    // One that is no longer among the best is forgotten, not its promotion.
    if (index >= 0) this.contenders[index] = { ...this.contenders[index], isPromoted: true }
  }

  /** By rank and then by age, whoever has been promoted, so that it depends on the results alone. */
  private keepBest(): void {
    const ranks = constrainedSort(this.contenders)
    const order = this.contenders.map((_, i) => i).sort((a, b) => ranks[a] - ranks[b] || a - b)
    this.contenders = order.slice(0, keptContenders).sort((a, b) => a - b).map((i) => this.contenders[i])
  }
}

/**
 * Asynchronous successive halving (ASHA: Li et al., 2020) on several objectives: every candidate is evaluated on the lowest rung, and
 * of each rung's results at most one in `reduction` goes on to the next, the best first, as soon as there are enough results and
 * without waiting for any other. What it decides depends on nothing but the order of its calls.
 */
export class RungLadder<C extends Climber> {
  private readonly rungs: readonly Rung<C>[]

  /** @param rungs number of rungs, at least 1; from the last one nobody is promoted */
  constructor(
    rungs: number,
    private readonly reduction: number,
  ) {
    if (!Number.isInteger(rungs) || rungs < 1) throw new InvalidInputError(`the number of rungs must be a positive integer, got ${rungs}`)
    if (!(reduction > 1)) throw new InvalidInputError(`the reduction from rung to rung must be above 1, got ${reduction}`)
    this.rungs = Array.from({ length: rungs }, () => new Rung<C>())
  }

  get counts(): RungCount[] {
    return this.rungs.map(({ results, promoted }) => ({ results, promoted }))
  }

  /** A result on a rung; null = it ended without measurements, and goes no further. Costs must be finite. */
  add(rung: number, candidate: C, costs: ConstrainedCosts | null): void {
    this.rungs[rung].add(candidate, costs)
  }

  /** The promotion that is due, the highest rung first; null = none. It is due until it is made with `promote`. */
  due(): Promotion<C> | null {
    for (let rung = this.rungs.length - 2; rung >= 0; rung--) {
      const { results, promoted } = this.rungs[rung]
      if (promoted >= Math.floor(results / this.reduction)) continue
      const candidate = this.rungs[rung].next()
      if (candidate !== undefined) return { candidate, rung: rung + 1 }
    }
    return null
  }

  promote({ candidate, rung }: Promotion<Climber>): void {
    this.rungs[rung - 1].promote(candidate.sequence)
  }
}
