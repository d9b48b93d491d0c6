import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalDistribution } from '../../../shared/normal-distribution.js'
import { CandidatePosterior } from '../../../coordinator/search/surrogate/candidate-posterior.js'
import { CholeskyFactor } from '../../../coordinator/search/surrogate/cholesky-factor.js'
import { FeatureMatrix } from '../../../coordinator/search/surrogate/feature-matrix.js'
import { GroupDistances } from '../../../coordinator/search/surrogate/group-distances.js'
import { GaussianProcess } from '../../../coordinator/search/surrogate/gaussian-process.js'
import { type Hyperparameters, MarginalLikelihood, jitter, packHyperparameters } from '../../../coordinator/search/surrogate/marginal-likelihood.js'
import { matern52, matern52Slope } from '../../../shared/matern.js'
import { minimizeRprop } from '../../../coordinator/search/surrogate/rprop.js'
import { type Rng, createRng } from '../../../shared/rng.js'

/** Two groups: a scalar, and a pair of columns that share a relevance. */
const layout = { groupOfColumn: [0, 1, 1], groups: 2 }
const hyperparameters: Hyperparameters = { logRelevance: [0.5, -0.7], logSignal: 0.3, logNoise: -2 }
const seeds = fc.integer({ min: 0, max: 4294967295 })
const randomRows = (rng: Rng, count: number): number[][] => Array.from({ length: count }, () => [rng.float(), rng.float(), rng.float()])

/** Kernel, straight from the definition. */
function kernel(a: readonly number[], b: readonly number[], { logRelevance, logSignal }: Hyperparameters): number {
  const distance = a.reduce((sum, value, c) => sum + Math.exp(logRelevance[layout.groupOfColumn[c]]) * (value - b[c]) ** 2, 0)
  const r = Math.sqrt(5 * distance)
  return Math.exp(logSignal) * (1 + r + (5 * distance) / 3) * Math.exp(-r)
}

function covariance(rows: readonly (readonly number[])[], parameters: Hyperparameters): number[][] {
  const diagonal = Math.exp(parameters.logNoise) + jitter * Math.exp(parameters.logSignal)
  return rows.map((a, i) => rows.map((b, j) => kernel(a, b, parameters) + (i === j ? diagonal : 0)))
}

/** Solves A x = b by Gaussian elimination with pivoting; also gives the log determinant. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): { readonly x: number[]; readonly logDeterminant: number } {
  const m = a.map((row, i) => [...row, b[i]])
  let logDeterminant = 0
  for (let c = 0; c < m.length; c++) {
    const pivot = m.reduce((best, _, r) => (r >= c && Math.abs(m[r][c]) > Math.abs(m[best][c]) ? r : best), c)
    ;[m[c], m[pivot]] = [m[pivot], m[c]]
    logDeterminant += Math.log(Math.abs(m[c][c]))
    for (let r = 0; r < m.length; r++) {
      if (r === c) continue
      const factor = m[r][c] / m[c][c]
      for (let k = c; k <= m.length; k++) m[r][k] -= factor * m[c][k]
    }
  }
  return { x: m.map((row, i) => row[m.length] / row[i]), logDeterminant }
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0)

describe('Cholesky factor', () => {
  const write = (matrix: readonly (readonly number[])[]) => (i: number, row: Float64Array, offset: number) => row.set(matrix[i].slice(0, i + 1), offset)

  test('times its transpose is the matrix, and the same bit for bit however its rows arrive', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 14 }), fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }), (seed, n, parts) => {
        const matrix = covariance(randomRows(createRng(seed), n), hyperparameters)
        const factor = new CholeskyFactor()
        factor.extend(n, write(matrix))
        const at = (i: number, j: number): number => (j > i ? 0 : factor.data[factor.rowOffset(i) + j])
        for (let i = 0; i < n; i++) {
          for (let j = 0; j <= i; j++) expect(Array.from({ length: n }, (_, k) => at(i, k) * at(j, k)).reduce((a, b) => a + b)).toBeCloseTo(matrix[i][j], 10)
        }
        expect(factor.logDeterminant()).toBeCloseTo(solve(matrix, matrix[0]).logDeterminant, 8)

        const grown = new CholeskyFactor()
        for (const part of parts) grown.extend(Math.min(part, n - grown.size), write(matrix))
        while (grown.size < n) {
          const i = grown.size
          const solved = Float64Array.from([7, ...matrix[i].slice(0, i)])
          grown.solve(solved, [1])
          grown.appendSolved(solved, 1, matrix[i][i])
        }
        const length = factor.rowOffset(n)
        expect(grown.data.slice(0, length)).toEqual(factor.data.slice(0, length))
      }),
    )
  })

  test('solves several systems side by side as it solves one', () => {
    const rng = createRng(6)
    const factor = new CholeskyFactor()
    factor.extend(11, write(covariance(randomRows(rng, 11), hyperparameters)))
    const sides = Array.from({ length: 7 }, () => Float64Array.from({ length: 11 }, () => rng.normal()))
    const together = Float64Array.from(sides.flatMap((side) => [...side]))
    factor.solve(together, sides.map((_, k) => 11 * k))
    sides.forEach((side, k) => {
      factor.solve(side, [0])
      expect(together.slice(11 * k, 11 * (k + 1))).toEqual(side)
    })
  })

  test('refuses a matrix that is not positive definite', () => {
    expect(() => new CholeskyFactor().extend(2, write([[1], [2, 1]]))).toThrow(/not positive definite at row 1/)
  })
})

describe('Matern 5/2', () => {
  test('is 1 at distance 0, and its slope is its derivative', () => {
    expect(matern52(0)).toBe(1)
    for (const distance of [0.01, 0.3, 2, 9]) {
      expect(matern52Slope(distance)).toBeCloseTo((matern52(distance + 1e-6) - matern52(distance - 1e-6)) / 2e-6, 6)
    }
  })
})

describe('marginal likelihood', () => {
  const priorFree = (point: readonly number[]): number => {
    const centre = (point[0] + point[1]) / 2
    return ((point[0] - centre) ** 2 + (point[1] - centre) ** 2) / 2 + (point[2] / 1.5) ** 2 / 2 + ((point[3] + 5) / 2.5) ** 2 / 2
  }

  test('is the textbook formula plus the priors', () => {
    const rng = createRng(4)
    const rows = randomRows(rng, 9)
    const targets = rows.map(() => rng.normal())
    const point = packHyperparameters(hyperparameters)
    const { x, logDeterminant } = solve(covariance(rows, hyperparameters), targets)
    const value = new MarginalLikelihood(new GroupDistances(layout, FeatureMatrix.from(3, rows)), Float64Array.from(targets)).value(point)
    expect(value).toBeCloseTo((dot(targets, x) + logDeterminant) / 2 + priorFree(point), 8)
  })

  test('has the gradient that finite differences give', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = createRng(seed)
        const rows = randomRows(rng, 8)
        const model = new MarginalLikelihood(new GroupDistances(layout, FeatureMatrix.from(3, rows)), Float64Array.from(rows, () => rng.normal()))
        const point = Float64Array.from([rng.normal(), rng.normal(), rng.normal() / 2, -2 + rng.normal()])
        const gradient = new Float64Array(4)
        expect(model.valueAndGradient(point, gradient)).toBeCloseTo(model.value(point), 10)
        gradient.forEach((slope, i) => {
          const moved = (step: number): number => model.value(point.map((value, j) => value + (i === j ? step : 0)))
          expect(Math.abs(slope - (moved(1e-5) - moved(-1e-5)) / 2e-5)).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope)))
        })
      }),
      { numRuns: 50 },
    )
  })
})

describe('Gaussian process', () => {
  const learnt = (rows: readonly (readonly number[])[], targets: readonly number[]): GaussianProcess => {
    const process = new GaussianProcess(layout, hyperparameters)
    process.learn(rows.map((features, i) => ({ features, target: targets[i] })))
    return process
  }
  const variances = (posterior: CandidatePosterior): number[] => Array.from({ length: posterior.count }, (_, q) => posterior.variance(q))

  test('predicts what solving the equations predicts', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const rng = createRng(seed)
        const rows = randomRows(rng, n)
        const targets = rows.map(() => rng.normal())
        const candidates = randomRows(rng, 6)
        const posterior = new CandidatePosterior(learnt(rows, targets), 3)
        posterior.append(FeatureMatrix.from(3, candidates))
        candidates.forEach((candidate, q) => {
          const k = rows.map((row) => kernel(row, candidate, hyperparameters))
          const matrix = covariance(rows, hyperparameters)
          expect(posterior.mean[q]).toBeCloseTo(dot(k, solve(matrix, targets).x), 8)
          expect(posterior.variance(q)).toBeCloseTo(Math.exp(hyperparameters.logSignal) - dot(k, solve(matrix, k).x), 8)
        })
      }),
    )
  })

  test('an expected candidate changes the certainty of all as a result would, and the expectation of none', () => {
    const rng = createRng(8)
    const [rows, candidates] = [randomRows(rng, 20), randomRows(rng, 9)]
    const targets = rows.map(() => rng.normal())
    const posterior = new CandidatePosterior(learnt(rows, targets), 3)
    posterior.append(FeatureMatrix.from(3, candidates))
    const [mean, variance] = [posterior.mean.slice(), variances(posterior)]
    posterior.expectOnly([2, 5])
    posterior.expect(7)
    expect(posterior.mean).toEqual(mean)
    const inFlight = [2, 5, 7].map((q) => candidates[q])
    const certain = new CandidatePosterior(learnt([...rows, ...inFlight], [...targets, 0, 0, 0]), 3)
    certain.append(FeatureMatrix.from(3, candidates))
    variances(posterior).forEach((after, q) => expect(after).toBeCloseTo(variances(certain)[q], 10))
    posterior.expectOnly([])
    expect(variances(posterior)).toEqual(variance)
  })

  test('learns and forgets in any order what it would know from the start, bit for bit', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('learn' as const), candidate: fc.nat() }),
      fc.record({ kind: fc.constant('hear' as const), candidate: fc.nat() }),
      fc.record({ kind: fc.constant('join' as const), candidate: fc.nat() }),
      fc.record({ kind: fc.constant('leave' as const), candidate: fc.nat() }),
      fc.record({ kind: fc.constant('expect' as const), candidate: fc.nat() }),
    )
    fc.assert(
      fc.property(seeds, fc.array(step, { maxLength: 40 }), (seed, steps) => {
        const rng = createRng(seed)
        const rows = randomRows(rng, 5)
        const targets = rows.map(() => rng.normal())
        let candidates = randomRows(rng, 6)
        const posterior = new CandidatePosterior(learnt(rows, targets), 3)
        posterior.append(FeatureMatrix.from(3, candidates))
        for (const { kind, candidate } of steps) {
          const q = candidate % candidates.length
          if (kind === 'expect') posterior.expectOnly([q, ...(q > 0 ? [0] : [])])
          if (kind === 'join') {
            const fresh = randomRows(rng, 1 + (candidate % 30))
            candidates = [...candidates, ...fresh]
            posterior.append(FeatureMatrix.from(3, fresh))
          }
          if (kind === 'leave' && candidates.length > 1) {
            posterior.retain(candidates.flatMap((_, i) => (i === q ? [] : [i])))
            candidates = candidates.filter((_, i) => i !== q)
          }
          if (kind !== 'learn' && kind !== 'hear') continue
          const row = kind === 'learn' ? candidates[q] : randomRows(rng, 1)[0]
          const target = rng.normal()
          posterior.learn(row, target, kind === 'learn' ? q : undefined)
          rows.push(row)
          targets.push(target)
        }
        const fresh = new CandidatePosterior(learnt(rows, targets), 3)
        fresh.append(FeatureMatrix.from(3, candidates))
        const order = candidates.map((_, q) => q).slice(0, 3)
        for (const each of [posterior, fresh]) each.expectOnly(order)
        expect(posterior.mean.slice(0, posterior.count)).toEqual(fresh.mean.slice(0, fresh.count))
        expect(variances(posterior)).toEqual(variances(fresh))
      }),
      { numRuns: 60 },
    )
  })
})

describe('Rprop', () => {
  test('finds the minimum of a badly scaled bowl, within its bounds', () => {
    const bowl = (point: Float64Array, gradient: Float64Array): number => {
      gradient[0] = 2000 * (point[0] - 1)
      gradient[1] = 0.002 * (point[1] + 2)
      return 1000 * (point[0] - 1) ** 2 + 0.001 * (point[1] + 2) ** 2
    }
    const { point } = minimizeRprop(bowl, [0, 0], { low: [-5, -1.5], high: [5, 5] }, 100)
    expect(point[0]).toBeCloseTo(1, 2)
    expect(point[1]).toBeCloseTo(-1.5, 2)
  })
})

describe('normal distribution', () => {
  test.each([[0, 0.5], [1, 0.8413447461], [-1.96, 0.0249978951], [3, 0.9986501020], [-8, 6.2e-16]])('at %d', (x, expected) => {
    expect(normalDistribution(x)).toBeCloseTo(expected, 6)
  })
})
