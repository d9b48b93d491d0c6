import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hypervolume } from '../../coordinator/search/hypervolume.js'
import { ParetoArchive } from '../../coordinator/search/pareto-archive.js'
import { bruteDominates, bruteHypervolume, points } from './brute-force.js'

describe('hypervolume', () => {
  test.each([1, 2, 3])('in %d dimensions equals inclusion and exclusion', (dimensions) => {
    const reference = new Array<number>(dimensions).fill(5)
    fc.assert(
      fc.property(points(dimensions, undefined, 9), (all) => {
        expect(hypervolume(all, reference)).toBeCloseTo(bruteHypervolume(all, reference), 9)
      }),
      { numRuns: 300 },
    )
  })

  test('of real numbers in three dimensions', () => {
    fc.assert(
      fc.property(points(3, fc.double({ min: -1, max: 1, noNaN: true }), 8), (all) => {
        expect(hypervolume(all, [0.5, 0.75, 1])).toBeCloseTo(bruteHypervolume(all, [0.5, 0.75, 1]), 9)
      }),
    )
  })

  test.each([
    ['nothing', [], [1, 1], 0],
    ['a point on the reference', [[1, 0]], [1, 1], 0],
    ['one point', [[0.25, 0.5]], [1, 1], 0.375],
    // Rectangles 3 x 1, 2 x 2 and 1 x 1.
    ['a staircase with a duplicate and a dominated point', [[1, 3], [2, 1], [3, 0], [2, 1], [3, 3]], [4, 4], 8],
    // 2 x 2 x 1 up to z = 1, then (3 x 3 - 1) x 1 with both.
    ['two points in space', [[1, 0, 0], [0, 1, 1]], [3, 2, 2], 4 + 5],
  ])('%s', (_, all, reference, expected) => {
    expect(hypervolume(all, reference)).toBeCloseTo(expected, 12)
  })

  test('is refused beyond three objectives', () => {
    expect(() => hypervolume([], [1, 1, 1, 1])).toThrow(/1 to 3 objectives/)
  })
})

describe('Pareto archive', () => {
  test.each([1, 2, 3])('with %d objectives keeps the first of each non-dominated cost vector', (dimensions) => {
    fc.assert(
      fc.property(points(dimensions), (all) => {
        const archive = new ParetoArchive<number>()
        const joined = all.map((costs, i) => archive.insert(costs, i))
        const first = all.flatMap((p, i) => (all.some((q, j) => bruteDominates(q, p) || (j < i && q.every((v, d) => v === p[d]))) ? [] : [i]))
        expect(archive.entries.map(({ item }) => item).sort((a, b) => a - b)).toEqual(first)
        for (const i of first) expect(joined[i]).toBe(true)
      }),
    )
  })

  test('with two objectives is in ascending order of the first', () => {
    const archive = new ParetoArchive<string>()
    for (const [x, y] of [[3, 1], [1, 3], [2, 2], [2, 2.5], [0, 9]]) archive.insert([x, y], `${x},${y}`)
    expect(archive.entries.map(({ item }) => item)).toEqual(['0,9', '1,3', '2,2', '3,1'])
  })
})
