import type { Outcome } from '../../shared/training/outcome.js'
import type { TrainerEvent } from '../../worker/trainer/messages.js'

type EventOf<Kind extends TrainerEvent['kind']> = Extract<TrainerEvent, { kind: Kind }>

/** Within an epoch, a line is shown only after so long without one. */
const silenceMs = 30_000

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Follows a training's events: lines for people as it goes, and what is known when it ends, however it ends. */
export class TrainingReport {
  private lastEpoch: EventOf<'epoch'> | undefined
  private started: EventOf<'started'> | undefined
  private checkpoint: string | undefined
  private skipped = 0
  private shownMs: number

  constructor(
    private readonly encoding: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.shownMs = now()
  }

  /** @returns the lines to show: one or none */
  follow(event: TrainerEvent): string[] {
    const lines = this.linesOf(event)
    if (lines.length > 0) this.shownMs = this.now()
    return lines
  }

  private linesOf(event: TrainerEvent): string[] {
    switch (event.kind) {
      case 'started':
        this.started = event
        return [startLine(event)]
      case 'progress':
        return this.now() - this.shownMs < silenceMs ? [] : [progressLine(event)]
      case 'epoch':
        this.lastEpoch = event
        return [epochLine(event)]
      case 'checkpoint':
        this.checkpoint = event.path
        return []
      case 'measured':
        return [`training step ${event.stepMs.median.toFixed(1)} ms (${event.imagesPerSecond.toFixed(0)} images/s) on ${event.deviceClass}`]
      case 'log':
        if (event.level === 'warn') this.skipped += 1
        return [event.message]
      case 'outcome':
        return []
    }
  }

  /** The end in one line, for people. */
  closingLine(outcome: Outcome): string {
    const checkpoint = this.checkpoint === undefined ? '' : `; checkpoint: ${this.checkpoint}`
    if (outcome.kind === 'succeeded') return `top-1 ${percent(outcome.result.top1)} after ${outcome.result.epochs} epochs${checkpoint}`
    return `${outcome.kind} (${outcome.message})${checkpoint}`
  }

  /** The command's JSON: of a training that did not succeed, what its last complete epoch told. */
  result(outcome: Outcome): Record<string, unknown> {
    if (outcome.kind === 'succeeded') {
      const { top1, loss, epochs, imagesPerSecond, stepMs, images, checkpoint, deviceClass, precision, trainingMs } = outcome.result
      const { train, validation, unreadable } = images
      const spread = { p10: stepMs.p10, p90: stepMs.p90 }
      const speed = { imagesPerSecond, stepMs: stepMs.median, stepMsSpread: spread, dataWaitShare: this.lastEpoch?.dataWaitShare ?? null }
      const figures = { top1, loss, epochs, ...speed, outcome: outcome.kind }
      return { encoding: this.encoding, ...figures, images: { train, val: validation, unreadable }, checkpoint: checkpoint ?? null, deviceClass, precision, trainingMs }
    }
    const { lastEpoch, started } = this
    const figures = { top1: lastEpoch?.top1 ?? null, loss: lastEpoch?.loss ?? null, epochs: lastEpoch?.epoch ?? started?.epochsDone ?? 0 }
    const images = { train: started?.images.train ?? 0, val: started?.images.validation ?? 0, unreadable: this.skipped }
    const { kind, message } = outcome
    return { encoding: this.encoding, ...figures, imagesPerSecond: null, stepMs: null, outcome: kind, message, images, checkpoint: this.checkpoint ?? null, precision: started?.precision ?? null }
  }
}

function startLine({ encoding, classes, images, stepsPerEpoch, epochsDone, deviceClass, precision, tensorflow }: EventOf<'started'>): string {
  const scale = `${images.train} + ${images.validation} images of ${classes} classes, ${stepsPerEpoch} steps an epoch`
  const continued = epochsDone > 0 ? `, continuing after epoch ${epochsDone}` : ''
  return `${encoding}: ${scale}${continued}; TensorFlow ${tensorflow}, ${precision}, on ${deviceClass}`
}

function progressLine({ epoch, step, steps, loss }: EventOf<'progress'>): string {
  return `epoch ${epoch}: ${step} of ${steps} steps, loss ${loss.toFixed(3)}`
}

function epochLine({ epoch, epochs, loss, trainTop1, top1, imagesPerSecond, dataWaitShare, learningRate }: EventOf<'epoch'>): string {
  const accuracy = `training ${percent(trainTop1)}, validation ${percent(top1)}`
  return `epoch ${epoch}/${epochs}: loss ${loss.toFixed(3)}, ${accuracy}, ${imagesPerSecond.toFixed(0)} images/s (${percent(dataWaitShare)} waiting for images), rate ${learningRate.toPrecision(3)}`
}
