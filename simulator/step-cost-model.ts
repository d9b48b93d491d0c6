import { type SizeCosts, fitSizeCosts, predictImageMs } from '../coordinator/step-time/size-cost-fit.js'
import type { NetworkCost } from '../shared/network/cost.js'
import { genomeCost } from '../shared/network/genome-cost.js'
import { parseGenome } from '../shared/space/parse.js'
import { referenceSize, referenceSteps } from './reference-networks.js'

/** Training step time on the reference device from a network's MACs and activations: a simulation asks tens of thousands of times. */
export class StepCostModel {
  /** Of the logarithm of the step time, among networks of equal cost. */
  readonly deviation: number
  private readonly costs: SizeCosts

  constructor(steps: typeof referenceSteps = referenceSteps) {
    const timed = steps.map(({ encoding, stepMs }) => ({ cost: genomeCost(parseGenome(encoding), referenceSize), imageMs: stepMs / referenceSize.batch }))
    this.costs = fitSizeCosts(timed)
    const squares = timed.map(({ cost, imageMs }) => Math.log(predictImageMs(this.costs, cost) / imageMs) ** 2)
    this.deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (steps.length - this.costs.length))
  }

  /** Milliseconds of a step of `batch` images. */
  stepMs(cost: NetworkCost, batch: number): number {
    return batch * predictImageMs(this.costs, cost)
  }
}

/** Elements kept for the backward pass, for each activation: the mean over the reference networks, of which the extremes are 1.7 and 2.5. */
const keptPerActivation = 2.1
const bytesPerElement = 4

/** Bytes that a training needs: weights, gradients and momentum, and what the backward pass reads. */
export function trainingBytes({ params, activations }: NetworkCost, batch: number): number {
  return bytesPerElement * (3 * params + keptPerActivation * activations * batch)
}
