import type { Dataset } from '../data/dataset.js'
import { EndedEarly } from './ended-early.js'
import type { TrainableNetwork } from './engine.js'
import type { StepGate } from './step-gate.js'
import { timedWaits } from './timed-waits.js'

export interface EpochFigures {
  /** Mean over the epoch's images, without those of steps that were skipped and had no loss. */
  readonly loss: number
  readonly trainTop1: number
  readonly imagesPerSecond: number
  readonly learningRate: number
  /** Share of the epoch's time that steps waited for images, 0..1. */
  readonly dataWaitShare: number
}

export interface EpochSurroundings {
  readonly gate: StepGate
  readonly signal: AbortSignal
  /** Told every few seconds how many steps are done, and the mean loss so far. */
  readonly progress: (step: number, loss: number) => void
}

const progressEveryMs = 5000

/**
 * One pass over the training images.
 * @param epoch from 0
 * @param learningRate rate of the epoch's n-th step
 * @throws EndedEarly (diverged, timed_out), CancelledError, UnreadableImagesError
 */
export async function trainEpoch(
  network: TrainableNetwork,
  dataset: Dataset,
  epoch: number,
  learningRate: (step: number) => number,
  { gate, signal, progress }: EpochSurroundings,
): Promise<EpochFigures> {
  const startMs = gate.elapsedMs()
  let toldMs = startMs
  let [step, images, counted, lossSum, correct, rate, waitedMs] = [0, 0, 0, 0, 0, 0, 0]
  const batches = timedWaits(dataset.trainBatches(epoch, signal), () => gate.elapsedMs(), (ms) => (waitedMs += ms))
  for await (const batch of batches) {
    await gate.pass()
    rate = learningRate(step)
    const result = network.trainStep(batch, rate)
    step += 1
    if (result.diverged) throw diverged(epoch, `${reasonOf(result.loss)} in step ${step} of epoch ${epoch + 1}`)
    images += batch.size
    // That of a step that was skipped may be no number.
    if (Number.isFinite(result.loss)) {
      counted += batch.size
      lossSum += result.loss * batch.size
      correct += result.correct
    }
    if (gate.elapsedMs() - toldMs < progressEveryMs) continue
    toldMs = gate.elapsedMs()
    progress(step, lossSum / counted)
  }
  if (counted === 0) throw diverged(epoch, `no step of epoch ${epoch + 1} had a loss that is a number`)
  const elapsedMs = gate.elapsedMs() - startMs
  const speed = { imagesPerSecond: (images * 1000) / elapsedMs, dataWaitShare: waitedMs / elapsedMs }
  return { loss: lossSum / counted, trainTop1: correct / counted, ...speed, learningRate: rate }
}

function reasonOf(loss: number): string {
  return Number.isFinite(loss) ? 'gradients overflowed at the smallest scale of the loss' : `the loss became ${loss}`
}

export function diverged(epoch: number, message: string): EndedEarly {
  return new EndedEarly({ kind: 'diverged', epoch: epoch + 1, message })
}
