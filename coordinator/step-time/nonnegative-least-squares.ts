import { CholeskyDecomposition, Matrix } from 'ml-matrix'

/** Solution of the normal equations restricted to `free` variables; the others are 0. */
function solveFree(gram: Matrix, right: readonly number[], free: readonly number[]): number[] {
  const solution = right.map(() => 0)
  if (free.length === 0) return solution
  const solved = new CholeskyDecomposition(gram.selection([...free], [...free])).solve(Matrix.columnVector(free.map((i) => right[i])))
  free.forEach((variable, i) => (solution[variable] = solved.get(i, 0)))
  return solution
}

/** The largest step from `from` (all free entries positive) towards `to` that leaves no entry negative. */
function stepLength(from: readonly number[], to: readonly number[], free: readonly number[]): number {
  return Math.min(1, ...free.filter((i) => to[i] <= 0).map((i) => from[i] / (from[i] - to[i])))
}

/**
 * x >= 0 that minimises x'Gx / 2 - r'x, that is |Ax - b|^2 for G = A'A and r = A'b, by active sets (Lawson and Hanson, 1974,
 * algorithm NNLS).
 * @param gram positive definite; a ridge makes it so
 */
export function solveNonnegative(gram: Matrix, right: readonly number[]): number[] {
  const tolerance = 1e-10 * Math.max(1e-300, ...right.map(Math.abs))
  let solution: number[] = right.map(() => 0)
  let free: number[] = []
  // Each round frees one variable for good or ends; the bound guards against cycles by rounding.
  for (let round = 0; round < 10 * right.length; round++) {
    const descent = right.map((value, i) => value - solution.reduce((sum, x, j) => sum + gram.get(i, j) * x, 0))
    const bound = right.map((_, i) => i).filter((i) => !free.includes(i) && descent[i] > tolerance)
    if (bound.length === 0) return solution
    free = [...free, bound.reduce((best, i) => (descent[i] > descent[best] ? i : best))]
    let target = solveFree(gram, right, free)
    while (free.some((i) => target[i] <= 0)) {
      const step = stepLength(solution, target, free)
      solution = solution.map((x, i) => x + step * (target[i] - x))
      const kept = free.filter((i) => solution[i] > 1e-14)
      // At least the variable that stopped the step leaves; without this, rounding could keep it for ever.
      free = kept.length < free.length ? kept : free.filter((i) => target[i] > 0)
      solution = solution.map((x, i) => (free.includes(i) ? x : 0))
      target = solveFree(gram, right, free)
    }
    solution = target
  }
  return solution
}
