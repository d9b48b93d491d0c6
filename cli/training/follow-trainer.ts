import { EnvironmentError, InvalidInputError, NasoaError } from '../../shared/errors.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { type LaunchOptions, type TrainerEnd, launchTrainer } from '../../worker/trainer/launch.js'
import type { MeasureCommand, TrainerWork } from '../../worker/trainer/messages.js'
import { printStatus } from '../output.js'

/** A training or measurement failed for a reason that is not the network's. */
export class TrainingFailedError extends NasoaError {
  readonly code = 'training_failed'
  readonly exitCode = 1
}

export interface FollowedEnd {
  readonly end: TrainerEnd
  readonly interrupted: boolean
}

/** Runs a trainer process to its end; Ctrl-C or SIGTERM cancels it in order, and a second one kills it. */
export async function followTrainer(work: TrainerWork, options: LaunchOptions): Promise<FollowedEnd> {
  const trainer = launchTrainer(work, options)
  let interruptions = 0
  const interrupt = (): void => {
    interruptions += 1
    if (interruptions === 1) trainer.cancel()
    else if (trainer.pid !== undefined) process.kill(trainer.pid, 'SIGKILL')
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    return { end: await trainer.ended, interrupted: interruptions > 0 }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** The error that a failed outcome stands for. */
export function errorOf({ reason, message }: Extract<Outcome, { kind: 'failed' }>): NasoaError {
  if (reason === 'data') return new InvalidInputError(message, { reason })
  if (reason === 'disk') return new EnvironmentError(message, { reason })
  return new TrainingFailedError(message, { reason })
}

/** Runs a measurement to its end; null when it was interrupted. @throws TrainingFailedError, also where memory does not suffice */
export async function measureOrThrow(work: MeasureCommand, verbose: boolean): Promise<Extract<TrainerEnd, { kind: 'measured' }> | null> {
  const { end, interrupted } = await followTrainer(work, {
    onEvent: (event) => {
      if (event.kind === 'log') printStatus(event.message)
    },
    ...(verbose ? { onStderrLine: printStatus } : {}),
  })
  if (end.kind === 'measured') return end
  if (interrupted) return null
  if (end.kind === 'failed') throw errorOf(end)
  throw new TrainingFailedError(end.kind === 'succeeded' ? 'the measurement ended without a figure' : end.message, { outcome: end.kind })
}
