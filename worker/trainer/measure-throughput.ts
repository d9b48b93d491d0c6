import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError } from '../../shared/errors.js'
import type { ThroughputMeasurement } from './messages.js'
import { quantile } from '../../shared/quantile.js'

/** A window is at least so long, so that the clock and one scheduler slice do not show in a step of a millisecond. */
const windowMs = 20
/** No step of a network takes less. */
const shortestStepMs = 0.02
const warmUp = { windows: 2, durationMs: 300 } as const
const measured = { windows: 3, durationMs: 1200 } as const

/** Elapsed milliseconds of running `count` steps back to back. */
function time(step: () => void, count: number, now: () => number): number {
  const start = now()
  for (let index = 0; index < count; index++) step()
  return now() - start
}

/** Runs windows of `stepsPerWindow` until both limits are reached; gives the mean step time of each, milliseconds. */
async function windows(
  step: () => void,
  stepsPerWindow: number,
  atLeast: { readonly windows: number; readonly durationMs: number },
  signal: AbortSignal,
  now: () => number,
): Promise<number[]> {
  const stepTimes: number[] = []
  for (let elapsed = 0; stepTimes.length < atLeast.windows || elapsed < atLeast.durationMs; ) {
    // A turn of the event loop, for a cancellation and for the upkeep of the host's lock.
    await turn()
    if (signal.aborted) throw new CancelledError('the measurement was cancelled')
    const windowTime = time(step, stepsPerWindow, now)
    elapsed += windowTime
    stepTimes.push(windowTime / stepsPerWindow)
  }
  return stepTimes
}

/**
 * Time of a training step: warm-up, then windows of one or more steps for about 1.2 s (longer where three steps take longer);
 * the median and spread over the windows. The caller sees to it that the host is quiet.
 * @param step one training step on a batch that is on the device already; returns when it is done
 */
export async function measureThroughput(
  step: () => void,
  batch: number,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<ThroughputMeasurement> {
  const first = await windows(step, 1, warmUp, signal, now)
  const stepsPerWindow = Math.max(1, Math.ceil(windowMs / Math.max(shortestStepMs, quantile(first, 0.5))))
  const stepTimes = await windows(step, stepsPerWindow, measured, signal, now)
  const stepMs = { median: quantile(stepTimes, 0.5), p10: quantile(stepTimes, 0.1), p90: quantile(stepTimes, 0.9) }
  return { imagesPerSecond: (batch * 1000) / stepMs.median, stepMs }
}
