import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constrainedDominates, dominates } from '../../coordinator/search/dominance.js'
import { constrainedSort, nonDominatedSort } from '../../coordinator/search/non-dominated-sort.js'
import { bruteDominates, bruteRanks, points, smallInteger } from './brute-force.js'

const withInfinities = fc.oneof({ weight: 5, arbitrary: smallInteger }, fc.constantFrom(Infinity, -Infinity))

describe('dominance', () => {
  test('is the definition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }).chain((d) => fc.tuple(points(d, withInfinities, 1), points(d, withInfinities, 1))), ([[a], [b]]) => {
        if (a && b) expect(dominates(a, b)).toBe(bruteDominates(a, b))
      }),
    )
  })

  test.each([
    ['feasible before infeasible, however good', { costs: [9, 9], violation: 0 }, { costs: [0, 0], violation: 0.1 }, true],
    ['smaller violation first', { costs: [9, 9], violation: 0.1 }, { costs: [0, 0], violation: 0.2 }, true],
    ['equal violations do not dominate', { costs: [0, 0], violation: 0.1 }, { costs: [9, 9], violation: 0.1 }, false],
    ['both feasible: Pareto', { costs: [1, 2], violation: 0 }, { costs: [1, 3], violation: 0 }, true],
  ])('under constraints: %s', (_, a, b, expected) => {
    expect(constrainedDominates(a, b)).toBe(expected)
    expect(constrainedDominates(b, a)).toBe(false)
  })
})

describe('non-dominated sort', () => {
  test.each([1, 2, 3, 4])('with %d objectives equals peeling front by front', (dimensions) => {
    fc.assert(
      fc.property(points(dimensions, withInfinities), (all) => {
        expect(nonDominatedSort(all)).toEqual(bruteRanks(all, (a, b) => bruteDominates(all[a], all[b])))
      }),
    )
  })

  test('under constraints equals peeling by constrained dominance', () => {
    const violation = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constantFrom(0.25, 0.5, 1))
    const candidate = fc.record({ costs: fc.array(smallInteger, { minLength: 2, maxLength: 2 }), violation })
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 20 }), (all) => {
        const expected = bruteRanks(all.map(({ costs }) => costs), (a, b) => constrainedDominates(all[a], all[b]))
        expect(constrainedSort(all)).toEqual(expected)
      }),
    )
  })

  test('of a recorded example', () => {
    // Three staircases: (1,5) (2,3) (4,1) | (2,6) (3,4) (5,2) | (6,6); the second (2,3) shares its twin's rank.
    expect(nonDominatedSort([[1, 5], [6, 6], [2, 3], [3, 4], [4, 1], [2, 6], [5, 2], [2, 3]])).toEqual([0, 2, 0, 1, 0, 1, 1, 0])
  })
})
