import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError } from '../../shared/errors.js'
import { EndedEarly } from './ended-early.js'
import type { QuietWindow } from './quiet-window.js'

export interface StepGateOptions {
  readonly signal: AbortSignal
  readonly quietWindow: QuietWindow
  /** Wall-clock limit of all steps together, milliseconds. */
  readonly limitMs?: number
  readonly now: () => number
}

/**
 * Stands before each step: gives the event loop a turn (a step blocks it, and messages and decoded images wait there), stops
 * a training that was cancelled or used up its time, and waits while another trainer measures.
 */
export class StepGate {
  private startMs: number
  private pausedMs = 0

  constructor(private readonly options: StepGateOptions) {
    this.startMs = options.now()
  }

  /** Time counts from here on; `earlierMs` is what a training that goes on had used already. */
  start(earlierMs: number): void {
    this.startMs = this.options.now() - earlierMs
    this.pausedMs = 0
  }

  /** Milliseconds since the start, without the waits for others' measurements. */
  elapsedMs(): number {
    return this.options.now() - this.startMs - this.pausedMs
  }

  /** @throws CancelledError, EndedEarly (timed_out) */
  async pass(): Promise<void> {
    const { signal, quietWindow, limitMs } = this.options
    await turn()
    if (signal.aborted) throw new CancelledError('the training was cancelled')
    this.pausedMs += await quietWindow.pause(signal)
    if (limitMs !== undefined && this.elapsedMs() > limitMs) {
      const message = `the training took longer than its limit of ${limitMs / 1000} s`
      throw new EndedEarly({ kind: 'timed_out', limitMs, message })
    }
  }
}
