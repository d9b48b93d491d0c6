import { Matrix } from 'ml-matrix'
import type { NetworkCost } from '../../shared/network/cost.js'
import { solveNonnegative } from './nonnegative-least-squares.js'

/** A network of known size that was timed. */
export interface TimedSize {
  readonly cost: NetworkCost
  /** Milliseconds of a training step, an image of it. */
  readonly imageMs: number
}

/** Milliseconds an image for each unit of MACs and of activations. */
export type SizeCosts = readonly number[]

const features = ({ macs, activations }: NetworkCost): number[] => [macs / 1e9, activations / 1e6]
const ridge = 1e-6

/**
 * Step time as a sum of what MACs and activations cost, never negative: each of the 12 reference steps is predicted from the others with
 * a mean error of 11 %. The layer graph predicts better (step-time-fit.ts), at ten times the time.
 * @param examples at least one, with positive times
 */
export function fitSizeCosts(examples: readonly TimedSize[]): SizeCosts {
  // Relative errors: each step counts the same however long.
  const x = new Matrix(examples.map(({ cost, imageMs }) => features(cost).map((feature) => feature / imageMs)))
  const gram = x.transpose().mmul(x)
  for (let i = 0; i < gram.rows; i++) gram.set(i, i, gram.get(i, i) * (1 + ridge))
  return solveNonnegative(gram, x.transpose().mmul(Matrix.ones(x.rows, 1)).to1DArray())
}

export function predictImageMs(costs: SizeCosts, cost: NetworkCost): number {
  return features(cost).reduce((sum, feature, i) => sum + feature * costs[i], 0)
}
