import { CostEquations, type CostFit, type MeasuredStep, type Shrinkage, leverageOf, predictMs } from './cost-fit.js'

const candidates: readonly Shrinkage[] = [0.01, 0.03, 0.1, 0.3, 1].flatMap((withinResource) =>
  [0.001, 0.03, 1].map((amongResources) => ({ withinResource, amongResources })),
)

/** Above this number of examples, ten folds stand for leaving out one. */
const mostFolds = 10

export interface ChosenCosts {
  readonly fit: CostFit
  readonly shrinkage: Shrinkage
  /** Logarithm of measured over predicted time, each by a fit that did not see the example, over the spread its leverage allows. */
  readonly unseenResiduals: readonly number[]
}

interface Fold {
  readonly equations: CostEquations
  readonly left: readonly MeasuredStep[]
}

function foldsOf(examples: readonly MeasuredStep[]): Fold[] {
  const count = Math.min(mostFolds, examples.length)
  return Array.from({ length: count }, (_, fold) => ({
    equations: new CostEquations(examples.filter((_, i) => i % count !== fold)),
    left: examples.filter((_, i) => i % count === fold),
  }))
}

function unseenError(folds: readonly Fold[], shrinkage: Shrinkage): number {
  let sum = 0
  for (const { equations, left } of folds) {
    const fit = equations.solve(shrinkage)
    for (const { features, stepMs } of left) sum += (predictMs(fit, features) / stepMs - 1) ** 2
  }
  return sum
}

function residualsOf(folds: readonly Fold[], shrinkage: Shrinkage): number[] {
  return folds.flatMap(({ equations, left }) => {
    const fit = equations.solve(shrinkage)
    return left.map(({ features, stepMs }) => Math.log(stepMs / predictMs(fit, features)) / Math.sqrt(1 + leverageOf(fit, features)))
  })
}

/**
 * Costs fitted with the shrinkage that predicts unseen examples best, by cross-validation.
 * @param examples at least two
 */
export function fitCostsByCrossValidation(examples: readonly MeasuredStep[]): ChosenCosts {
  const folds = foldsOf(examples)
  const errors = candidates.map((shrinkage) => unseenError(folds, shrinkage))
  const shrinkage = candidates[errors.indexOf(Math.min(...errors))]
  return { fit: new CostEquations(examples).solve(shrinkage), shrinkage, unseenResiduals: residualsOf(folds, shrinkage) }
}
