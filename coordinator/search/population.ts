import type { Rng } from '../../shared/rng.js'
import type { ConstrainedCosts } from './dominance.js'
import { type Fitness, assignFitness, compareFitness, fitnessWithout } from './environmental-selection.js'

/** An evaluated candidate that may become a parent. */
export interface Member extends ConstrainedCosts {
  readonly key: string
}

/**
 * The fittest candidates so far, at most `capacity`: a newcomer joins, then the least fit one leaves (steady state, no generations).
 * A member that joins again takes its old place. The order of the members is the order in which they joined, and ties go to the
 * older, so equal histories give equal populations.
 */
export class Population {
  private list: Member[] = []
  private fitness: Fitness[] = []

  constructor(readonly capacity: number) {}

  get members(): readonly Member[] {
    return this.list
  }

  insert(member: Member): void {
    const index = this.list.findIndex(({ key }) => key === member.key)
    if (index >= 0) return this.assign(this.list.with(index, member))
    this.assign([...this.list, member])
    if (this.list.length <= this.capacity) return
    const worst = this.list.reduce((least, _, i) => (compareFitness(this.fitness[i], this.fitness[least]) >= 0 ? i : least), 0)
    this.fitness = fitnessWithout(worst, this.list, this.fitness)
    this.list = this.list.toSpliced(worst, 1)
  }

  remove(key: string): void {
    if (this.list.some((member) => member.key === key)) this.assign(this.list.filter((member) => member.key !== key))
  }

  /** Takes over members in the order of an earlier population. */
  restore(members: readonly Member[]): void {
    this.assign([...members])
  }

  /** Binary tournament on rank, then crowding distance; the population must not be empty. */
  tournament(rng: Rng): Member {
    const first = rng.integer(this.list.length)
    const second = rng.integer(this.list.length)
    return this.list[compareFitness(this.fitness[first], this.fitness[second]) <= 0 ? first : second]
  }

  private assign(members: Member[]): void {
    this.list = members
    this.fitness = assignFitness(members)
  }
}
