import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { solveNonnegative } from './nonnegative-least-squares.js'
import { type StepFeatures, resourceOfFeature } from './step-features.js'

/** A step that was measured. */
export interface MeasuredStep {
  readonly features: StepFeatures
  readonly stepMs: number
}

/** How strongly a fit is drawn to what is assumed before any measurement; 0 exclusive. */
export interface Shrinkage {
  /** Ways of spending a resource are drawn to a common cost: what no example shows costs what its like costs. */
  readonly withinResource: number
  /** Resources are drawn to equal shares of the time. */
  readonly amongResources: number
}

/** Cost of each feature on one device class, as plain data. */
export interface CostFit {
  /** Milliseconds per unit of each feature, never negative. */
  readonly costs: readonly number[]
  /** Milliseconds per unit that, on all features of a resource, would on average make the whole time. */
  readonly units: readonly number[]
  /** Covariance of the costs in those units, for a noise variance of 1. */
  readonly covariance: readonly (readonly number[])[]
}

/** Milliseconds of a step. */
export function predictMs({ costs }: CostFit, features: StepFeatures): number {
  return features.reduce((sum, value, j) => sum + value * costs[j], 0)
}

/** Variance of the relative error that comes from uncertain costs, in units of the noise variance. */
export function leverageOf(fit: CostFit, features: StepFeatures): number {
  const predicted = predictMs(fit, features)
  const shares = features.map((value, j) => (value * fit.units[j]) / predicted)
  return shares.reduce((sum, a, i) => sum + a * shares.reduce((inner, b, j) => inner + b * fit.covariance[i][j], 0), 0)
}

const featureCount = resourceOfFeature.length
const resourceCount = Math.max(...resourceOfFeature) + 1

/** One cost per feature and, after them, one common cost per resource, to which the costs of its features are drawn. */
const unknowns = featureCount + resourceCount

/**
 * Least squares on the relative error, each example counting the same however long its step. Costs are measured in units of which
 * one, spent on everything that uses the resource, would on average make the whole time.
 */
export class CostEquations {
  private readonly units: readonly number[]
  private readonly gram = Matrix.zeros(featureCount, featureCount)
  private readonly right = Array.from({ length: unknowns }, () => 0)

  /** @param examples at least one, with positive times */
  constructor(examples: readonly MeasuredStep[]) {
    const scales = Array.from({ length: resourceCount }, () => 0)
    for (const { features, stepMs } of examples) features.forEach((value, j) => (scales[resourceOfFeature[j]] += value / stepMs / examples.length))
    this.units = resourceOfFeature.map((resource) => 1 / scales[resource])
    for (const example of examples) this.add(example)
  }

  /** Adds (share of the measured time that is explained - 1)^2. */
  private add({ features, stepMs }: MeasuredStep): void {
    const shares = features.map((value, j) => (value / stepMs) * this.units[j])
    for (let i = 0; i < featureCount; i++) {
      this.right[i] += shares[i]
      for (let j = 0; j < featureCount; j++) this.gram.set(i, j, this.gram.get(i, j) + shares[i] * shares[j])
    }
  }

  /** Adds withinResource (cost - common cost)^2 for each feature and amongResources (common cost - equal share)^2 for each resource. */
  private shrunk({ withinResource, amongResources }: Shrinkage): { readonly gram: Matrix; readonly right: readonly number[] } {
    const gram = Matrix.zeros(unknowns, unknowns).setSubMatrix(this.gram, 0, 0)
    const right = [...this.right]
    const add = (i: number, j: number, value: number): unknown => gram.set(i, j, gram.get(i, j) + value)
    resourceOfFeature.forEach((resource, j) => {
      const common = featureCount + resource
      add(j, j, withinResource)
      add(common, common, withinResource)
      add(j, common, -withinResource)
      add(common, j, -withinResource)
    })
    for (let common = featureCount; common < unknowns; common++) {
      add(common, common, amongResources)
      right[common] += amongResources / resourceCount
    }
    return { gram, right }
  }

  solve(shrinkage: Shrinkage): CostFit {
    const { gram, right } = this.shrunk(shrinkage)
    const costs = solveNonnegative(gram, right).slice(0, featureCount).map((cost, j) => cost * this.units[j])
    const covariance = new CholeskyDecomposition(gram).solve(Matrix.eye(unknowns)).subMatrix(0, featureCount - 1, 0, featureCount - 1)
    return { costs, units: this.units, covariance: covariance.to2DArray() }
  }
}
