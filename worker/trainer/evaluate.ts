import type { Dataset } from '../data/dataset.js'
import type { TrainableNetwork } from './engine.js'
import type { StepGate } from './step-gate.js'

export interface Evaluation {
  /** Share of the readable validation images, 0..1. */
  readonly top1: number
  /** Mean loss; NaN or infinite where the network is broken. */
  readonly loss: number
}

/** One pass over the validation images. @throws EndedEarly (timed_out), CancelledError, UnreadableImagesError */
export async function evaluate(network: TrainableNetwork, dataset: Dataset, gate: StepGate, signal: AbortSignal): Promise<Evaluation> {
  let [images, lossSum, correct] = [0, 0, 0]
  for await (const batch of dataset.validationBatches(signal)) {
    await gate.pass()
    const result = network.evaluateStep(batch)
    images += batch.size
    lossSum += result.lossSum
    correct += result.correct
  }
  return { top1: correct / images, loss: lossSum / images }
}
