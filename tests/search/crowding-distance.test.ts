import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crowdingDistance } from '../../coordinator/search/crowding-distance.js'
import { assignFitness, environmentalSelection, fitnessWithout } from '../../coordinator/search/environmental-selection.js'
import { nonDominatedSort } from '../../coordinator/search/non-dominated-sort.js'
import { points } from './brute-force.js'

describe('crowding distance', () => {
  test('of a recorded example', () => {
    // Ranges are 4 and 8. (2,3): (4-1)/4 + (9-2)/8 = 1.625. (4,2): (5-2)/4 + (3-1)/8 = 1.
    expect(crowdingDistance([[1, 9], [2, 3], [4, 2], [5, 1]])).toEqual([Infinity, 1.625, 1, Infinity])
  })

  test.each([
    ['no point', [], []],
    ['one point', [[1, 2]], [Infinity]],
    ['two points', [[1, 2], [2, 1]], [Infinity, Infinity]],
    ['all equal', [[3, 3], [3, 3], [3, 3], [3, 3]], [0, 0, 0, 0]],
    ['one objective equal: it adds nothing', [[1, 7], [2, 7], [4, 7], [5, 7]], [Infinity, 0.75, 0.75, Infinity]],
    ['ties at the extremes: the first of them is the extreme', [[0, 1], [0, 1], [1, 0], [1, 0]], [Infinity, 1, Infinity, 1]],
    ['infinite range: only gaps that reach infinity count', [[-Infinity, 9], [1, 8], [2, 7], [3, 6]], [Infinity, 1 + 2 / 3, 2 / 3, Infinity]],
    ['both infinities', [[-Infinity, 0], [1, 0], [Infinity, 0]], [Infinity, 1, Infinity]],
  ])('%s', (_, front, expected) => {
    const distances = crowdingDistance(front)
    expect(distances.map((value) => Number(value.toFixed(9)))).toEqual(expected.map((value) => Number(value.toFixed(9))))
  })

  test('equals the definition on distinct values', () => {
    const front = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 3, maxLength: 12 })
    fc.assert(
      fc.property(front, front, (xs, ys) => {
        const all = xs.slice(0, Math.min(xs.length, ys.length)).map((x, i) => [x, ys[i]])
        const expected = all.map((point) =>
          [0, 1].reduce((sum, d) => {
            const values = all.map((p) => p[d])
            const below = values.filter((value) => value < point[d])
            const above = values.filter((value) => value > point[d])
            if (below.length === 0 || above.length === 0) return Infinity
            return sum + (Math.min(...above) - Math.max(...below)) / (Math.max(...values) - Math.min(...values))
          }, 0),
        )
        crowdingDistance(all).forEach((value, i) => (expected[i] === Infinity ? expect(value).toBe(Infinity) : expect(value).toBeCloseTo(expected[i], 9)))
      }),
    )
  })
})

describe('environmental selection', () => {
  test('keeps whole fronts first and never a dominated point before the one that dominates it', () => {
    fc.assert(
      fc.property(points(2), fc.integer({ min: 1, max: 10 }), (all, capacity) => {
        const kept = environmentalSelection(all.map((costs) => ({ costs, violation: 0 })), capacity)
        const ranks = nonDominatedSort(all)
        const lost = all.map((_, i) => i).filter((i) => !kept.includes(i))
        expect(kept).toHaveLength(Math.min(capacity, all.length))
        expect(Math.max(-1, ...kept.map((i) => ranks[i]))).toBeLessThanOrEqual(Math.min(Infinity, ...lost.map((i) => ranks[i])))
      }),
    )
  })

  test('thins the last front where it is crowded, ties to the earlier point', () => {
    const select = (all: number[][], capacity: number): number[] => environmentalSelection(all.map((costs) => ({ costs, violation: 0 })), capacity)
    expect(select([[0, 10], [4, 5], [5, 4.9], [10, 0]], 3)).toEqual([0, 2, 3])
    expect(select([[1, 1], [1, 1], [1, 1]], 2)).toEqual([0, 1])
  })

  test('a feasible candidate survives a better infeasible one', () => {
    expect(environmentalSelection([{ costs: [0, 0], violation: 0.01 }, { costs: [9, 9], violation: 0 }], 1)).toEqual([1])
  })
})

test('fitness without one of the last rank is that of the others alone', () => {
  const violation = fc.constantFrom(0, 0, 0, 1, 2)
  fc.assert(
    fc.property(points(2), fc.array(violation, { minLength: 40, maxLength: 40 }), fc.nat(), (all, violations, choice) => {
      const constrained = all.map((costs, i) => ({ costs, violation: violations[i % 40] }))
      const fitness = assignFitness(constrained)
      const last = fitness.flatMap(({ rank }, i) => (rank === Math.max(...fitness.map((each) => each.rank)) ? [i] : []))
      if (last.length === 0) return
      const removed = last[choice % last.length]
      expect(fitnessWithout(removed, constrained, fitness)).toEqual(assignFitness(constrained.toSpliced(removed, 1)))
    }),
  )
})
