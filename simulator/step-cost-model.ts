import { Matrix } from 'ml-matrix'
import { solveNonnegative } from '../coordinator/step-time/nonnegative-least-squares.js'
import type { NetworkCost } from '../shared/network/cost.js'
import { genomeCost } from '../shared/network/genome-cost.js'
import { parseGenome } from '../shared/space/parse.js'
import { referenceSize, referenceSteps } from './reference-networks.js'

const features = ({ macs, activations }: NetworkCost): number[] => [macs / 1e9, activations / 1e6]
const ridge = 1e-6

/**
 * Training step time on the reference device from a network's MACs and activations, which predicts each of the 12 reference steps from
 * the others with a mean error of 11 %. The layer graph would predict better (coordinator/step-time), at ten times the time: a
 * simulation asks tens of thousands of times.
 */
export class StepCostModel {
  /** Of the logarithm of the step time, among networks of equal cost. */
  readonly deviation: number
  /** Milliseconds an image for each unit of a feature. */
  private readonly weights: readonly number[]

  constructor(steps: typeof referenceSteps = referenceSteps) {
    const costs = steps.map(({ encoding }) => genomeCost(parseGenome(encoding), referenceSize))
    const times = steps.map(({ stepMs }) => stepMs / referenceSize.batch)
    // Relative errors: each step counts the same however long.
    const x = new Matrix(costs.map((cost, i) => features(cost).map((feature) => feature / times[i])))
    const gram = x.transpose().mmul(x)
    for (let i = 0; i < gram.rows; i++) gram.set(i, i, gram.get(i, i) * (1 + ridge))
    this.weights = solveNonnegative(gram, x.transpose().mmul(Matrix.ones(x.rows, 1)).to1DArray())
    const squares = costs.map((cost, i) => Math.log(this.imageMs(cost) / times[i]) ** 2)
    this.deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (steps.length - this.weights.length))
  }

  /** Milliseconds of a step of `batch` images. */
  stepMs(cost: NetworkCost, batch: number): number {
    return batch * this.imageMs(cost)
  }

  private imageMs(cost: NetworkCost): number {
    return features(cost).reduce((sum, feature, i) => sum + feature * this.weights[i], 0)
  }
}

/** Elements kept for the backward pass, for each activation: the mean over the reference networks, of which the extremes are 1.7 and 2.5. */
const keptPerActivation = 2.1
const bytesPerElement = 4

/** Bytes that a training needs: weights, gradients and momentum, and what the backward pass reads. */
export function trainingBytes({ params, activations }: NetworkCost, batch: number): number {
  return bytesPerElement * (3 * params + keptPerActivation * activations * batch)
}
