import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../shared/training/outcome.js'
import type { Launch } from '../../worker/agent/training-run.js'
import type { TrainCommand } from '../../worker/trainer/messages.js'
import { Eventually } from '../support/eventually.js'

/** A trainer whose epochs a test lets pass one by one; its checkpoint is the number of epochs done. */
export class ScriptedTrainer {
  /** What has been started, in order. */
  readonly started = new Eventually<StartedTraining>()

  readonly launch: Launch = (work, { onEvent = () => undefined }) => {
    const training = new StartedTraining(work, onEvent)
    this.started.push(training)
    return training
  }
}

export class StartedTraining {
  readonly ended: Promise<Outcome>
  /** Epochs done; those of the checkpoint it goes on from are. */
  epoch: number
  private end: (outcome: Outcome) => void = () => undefined

  constructor(
    readonly work: TrainCommand,
    private readonly emit: NonNullable<Parameters<Launch>[1]['onEvent']>,
  ) {
    this.epoch = work.resumeFrom === undefined ? 0 : Number(readFileSync(work.resumeFrom, 'utf8'))
    this.ended = new Promise((resolve) => (this.end = resolve))
  }

  pass(top1: number): void {
    const path = join(this.work.outputDirectory ?? '', 'last.safetensors')
    mkdirSync(this.work.outputDirectory ?? '', { recursive: true })
    const epoch = ++this.epoch
    // Replaced, as the real one does it, because the last one may still be on its way to an artifact store.
    writeFileSync(`${path}.part`, String(epoch))
    renameSync(`${path}.part`, path)
    this.emit({ kind: 'epoch', epoch, epochs: 10, loss: 1, top1, trainTop1: top1, imagesPerSecond: 10, dataWaitShare: 0, learningRate: 0.1 })
    this.emit({ kind: 'checkpoint', epoch, path })
  }

  finish(outcome: Outcome): void {
    this.end(outcome)
  }

  cancel(): void {
    this.end({ kind: 'cancelled', message: 'cancelled' })
  }
}
