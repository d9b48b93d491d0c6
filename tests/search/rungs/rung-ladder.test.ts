import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constrainedDominates } from '../../../coordinator/search/dominance.js'
import type { ConstrainedCosts } from '../../../coordinator/search/dominance.js'
import { hypervolume } from '../../../coordinator/search/hypervolume.js'
import { nextPromoted } from '../../../coordinator/search/rungs/promotion.js'
import { RungLadder as Ladder, type Climber, type Promotion as Promoted } from '../../../coordinator/search/rungs/rung-ladder.js'

const RungLadder = Ladder<Climber>
type RungLadder = Ladder<Climber>
type Promotion = Promoted<Climber>

const costs = fc.record({
  costs: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 2 }),
  violation: fc.constantFrom(0, 0, 0, 1, 2),
})
/** null = a training without a result. */
const result = fc.option(costs, { freq: 6 })
const results = fc.array(result, { minLength: 1, maxLength: 60 })
const reduction = fc.constantFrom(2, 3, 4)

interface Made extends Promotion {
  readonly after: number
}

/** Results of the lowest rung come in their order; a promoted candidate's next result, by `later`, comes `delay` events later. */
function climb(first: readonly (ConstrainedCosts | null)[], ladder: RungLadder, rungs: number, delay = 3): Made[] {
  const events: Made[] = []
  const waiting: { readonly at: number; readonly promotion: Promotion }[] = []
  let now = 0
  const drain = (): void => {
    for (let due = ladder.due(); due !== null; due = ladder.due()) {
      ladder.promote(due)
      events.push({ ...due, after: now })
      waiting.push({ at: now + delay, promotion: due })
    }
  }
  const settle = (until: number): void => {
    while (waiting.length > 0 && waiting[0].at <= until) {
      const { promotion } = waiting.shift() as (typeof waiting)[number]
      if (promotion.rung < rungs) ladder.add(promotion.rung, promotion.candidate, first[promotion.candidate.sequence])
      drain()
    }
  }
  for (const [sequence, each] of first.entries()) {
    now++
    ladder.add(0, { sequence }, each)
    drain()
    settle(now)
  }
  settle(Infinity)
  return events
}

describe('successive halving without barriers', () => {
  test('promotes nobody twice from a rung, nobody without a result, and at most one in `reduction`', () => {
    fc.assert(
      fc.property(results, reduction, fc.integer({ min: 0, max: 9 }), (first, factor, delay) => {
        const ladder = new RungLadder(3, factor)
        const events = climb(first, ladder, 3, delay)
        const marks = events.map(({ candidate, rung }) => `${candidate.sequence}>${rung}`)
        expect(new Set(marks).size).toBe(marks.length)
        for (const { candidate } of events) expect(first[candidate.sequence]).not.toBeNull()
        ladder.counts.forEach(({ results: count, promoted }, rung) => {
          expect(promoted).toBe(events.filter((event) => event.rung === rung + 1).length)
          expect(promoted).toBeLessThanOrEqual(rung === 2 ? 0 : Math.floor(count / factor))
        })
      }),
    )
  })

  test('promotes exactly one in `reduction` where enough have a result', () => {
    fc.assert(
      fc.property(fc.array(costs, { minLength: 1, maxLength: 80 }), reduction, (first, factor) => {
        const ladder = new RungLadder(3, factor)
        climb(first, ladder, 3)
        const [lowest, middle] = ladder.counts
        expect(lowest.promoted).toBe(Math.floor(first.length / factor))
        expect(middle).toEqual({ results: lowest.promoted, promoted: Math.floor(lowest.promoted / factor) })
      }),
    )
  })

  test('whoever is promoted is dominated by no result that is not', () => {
    fc.assert(
      fc.property(results, reduction, (first, factor) => {
        const ladder = new RungLadder(2, factor)
        const promoted = new Set<number>()
        const known: { readonly sequence: number; readonly costs: ConstrainedCosts }[] = []
        for (const [sequence, each] of first.entries()) {
          ladder.add(0, { sequence }, each)
          if (each !== null) known.push({ sequence, costs: each })
          for (let due = ladder.due(); due !== null; due = ladder.due()) {
            const chosen = first[due.candidate.sequence] as ConstrainedCosts
            for (const other of known) {
              if (!promoted.has(other.sequence)) expect(constrainedDominates(other.costs, chosen)).toBe(false)
            }
            promoted.add(due.candidate.sequence)
            ladder.promote(due)
          }
        }
      }),
    )
  })

  test('the same results in the same order give the same promotions, also when the ladder is rebuilt half way', () => {
    fc.assert(
      fc.property(results, results, reduction, (before, after, factor) => {
        const whole = new RungLadder(2, factor)
        const early = climb(before, whole, 2, 0)
        const rebuilt = new RungLadder(2, factor)
        before.forEach((each, sequence) => rebuilt.add(0, { sequence }, each))
        // A store knows results and promotions, not how they were interleaved.
        early.forEach((promotion) => rebuilt.promote(promotion))
        const follow = (ladder: RungLadder): (Promotion | null)[] =>
          after.map((each, i) => {
            ladder.add(0, { sequence: before.length + i }, each)
            const due = ladder.due()
            if (due !== null) ladder.promote(due)
            return due
          })
        expect(follow(rebuilt)).toEqual(follow(whole))
        expect(rebuilt.counts[0]).toEqual(whole.counts[0])
      }),
    )
  })

  test('the highest rung goes first, and a single rung promotes nobody', () => {
    const ladder = new RungLadder(3, 2)
    for (let sequence = 0; sequence < 4; sequence++) ladder.add(0, { sequence }, { costs: [sequence, -sequence], violation: 0 })
    ladder.add(1, { sequence: 0 }, { costs: [0, 0], violation: 0 })
    ladder.add(1, { sequence: 1 }, { costs: [1, 1], violation: 0 })
    expect(ladder.due()).toEqual({ candidate: { sequence: 0 }, rung: 2 })
    const single = new RungLadder(1, 2)
    for (let sequence = 0; sequence < 9; sequence++) single.add(0, { sequence }, { costs: [1, 1], violation: 0 })
    expect(single.due()).toBeNull()
  })

  test('thousands of results cost no more than the best of them', () => {
    const ladder = new RungLadder(2, 3)
    let promoted = 0
    for (let sequence = 0; sequence < 3000; sequence++) {
      const angle = (sequence * 0.618) % 1
      ladder.add(0, { sequence }, { costs: [angle, 1 - angle + ((sequence * 7) % 13) / 13], violation: 0 })
      if (sequence % 100 !== 99) continue
      for (let due = ladder.due(), tries = 0; due !== null && tries < 3; due = ladder.due(), tries++) {
        ladder.promote(due)
        promoted++
      }
    }
    expect(ladder.counts[0]).toEqual({ results: 3000, promoted })
  })
})

describe('the order within a rung', () => {
  test('is the largest hypervolume added to those of the same rank that went before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { minLength: 2, maxLength: 12 }), (list) => {
        // One front: a descending line has no dominated points.
        const points = [...new Map(list).entries()].map(([x, isPromoted]) => ({ costs: [x, -x], violation: 0, isPromoted }))
        const chosen = nextPromoted(points)
        expect(chosen === undefined).toBe(points.every(({ isPromoted }) => isPromoted))
        if (chosen === undefined) return
        const xs = points.map(({ costs: [x] }) => x)
        const [low, high] = [Math.min(...xs), Math.max(...xs)]
        const scaled = xs.map((x) => (high > low ? [(x - low) / (high - low), (high - x) / (high - low)] : [0, 0]))
        const before = scaled.filter((_, i) => points[i].isPromoted)
        const volume = (more: readonly number[][]): number => hypervolume([...before, ...more], [1.1, 1.1])
        const added = scaled.map((point, i) => (points[i].isPromoted ? -1 : volume([point]) - volume([])))
        expect(added[chosen]).toBeCloseTo(Math.max(...added), 9)
      }),
    )
  })
})
