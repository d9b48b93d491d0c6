import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { expect, test } from 'vitest'
import { solveNonnegative } from '../../coordinator/step-time/nonnegative-least-squares.js'

const value = fc.double({ min: -3, max: 3, noNaN: true })
const problems = fc.integer({ min: 1, max: 5 }).chain((size) =>
  fc.record({ rows: fc.array(fc.array(value, { minLength: size, maxLength: size }), { minLength: 1, maxLength: 8 }), right: fc.array(value, { minLength: size, maxLength: size }) }),
)

const objective = (gram: Matrix, right: readonly number[], x: readonly number[]): number =>
  x.reduce((sum, xi, i) => sum + xi * (x.reduce((inner, xj, j) => inner + gram.get(i, j) * xj, 0) / 2 - right[i]), 0)

/** The best of all ways to hold some variables at 0 and solve for the others. */
function bestOfAllSubsets(gram: Matrix, right: readonly number[]): number {
  let best = 0
  for (let subset = 1; subset < 2 ** right.length; subset++) {
    const free = right.map((_, i) => i).filter((i) => subset & (1 << i))
    const solution = solve(gram.selection(free, free), Matrix.columnVector(free.map((i) => right[i]))).to1DArray()
    if (solution.some((x) => x < 0)) continue
    const x = right.map(() => 0)
    free.forEach((variable, i) => (x[variable] = solution[i]))
    best = Math.min(best, objective(gram, right, x))
  }
  return best
}

test('as good as the best of all active sets, and never negative', () => {
  fc.assert(
    fc.property(problems, ({ rows, right }) => {
      const a = new Matrix(rows)
      const gram = Matrix.add(a.transpose().mmul(a), Matrix.eye(right.length).mul(0.05))
      const solution = solveNonnegative(gram, right)
      expect(Math.min(...solution)).toBeGreaterThanOrEqual(0)
      const best = bestOfAllSubsets(gram, right)
      expect(objective(gram, right, solution)).toBeLessThanOrEqual(best + 1e-8 * (1 + Math.abs(best)))
    }),
    { numRuns: 300 },
  )
})
