import type { NetworkCost } from '../shared/network/cost.js'
import { genomeCost } from '../shared/network/genome-cost.js'
import type { Rng } from '../shared/rng.js'
import type { Genome } from '../shared/space/genome.js'
import { AccuracyModel } from './accuracy-model.js'
import { referenceSize } from './reference-networks.js'
import { StepCostModel } from './step-cost-model.js'

/** What networks come to as the released ones of their cost do, each with deviations of its own. */
export class NetworkModel {
  private readonly accuracy = new AccuracyModel()
  private readonly steps = new StepCostModel()

  /**
   * @param cost at the resolution and classes of the training
   * @returns error when fully trained, 0..1, and the time of a training step of `batch` images on the reference device, milliseconds
   */
  draw(genome: Genome, cost: NetworkCost, batch: number, rng: Rng): { readonly error: number; readonly stepMs: number } {
    const error = this.accuracy.error(genomeCost(genome, referenceSize), rng.normal())
    return { error, stepMs: this.steps.stepMs(cost, batch) * Math.exp(this.steps.deviation * rng.normal()) }
  }
}
