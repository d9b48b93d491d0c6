import { measuredStep } from '../../../coordinator/step-time/measured-step.js'
import type { SearchConfig } from '../../../shared/config/search-config.js'
import { createRng } from '../../../shared/rng.js'
import { formatGenome } from '../../../shared/space/format.js'
import { sampleSpread } from '../../../shared/space/sample.js'
import { threadsPerSlot } from '../../../worker/agent/slots.js'
import { printStatus } from '../../output.js'
import { measureOrThrow } from '../../training/follow-trainer.js'
import { type Calibration, joined } from './calibration.js'

/**
 * Times networks of the config's space on this machine, with as many threads as one of the config's local slots has.
 * What the trainer process takes beside the timed steps stands for what a training takes beside its own.
 * @returns null when its user interrupted it
 */
export async function calibrationByMeasuring(config: SearchConfig, classes: number, count: number, verbose: boolean): Promise<Calibration[] | null> {
  const { batch, resolution, precision } = config.training
  const { local, slots } = config.workers
  const threads = threadsPerSlot(slots, Math.max(1, local))
  const calibrations: Calibration[] = []
  for (const genome of sampleSpread(createRng(config.seed), config.space, count)) {
    const encoding = formatGenome(genome)
    const startMs = performance.now()
    const measured = await measureOrThrow({ kind: 'measure', encoding, batch, resolution, classes, precision, threads }, verbose)
    if (measured === null) return null
    const { stepMs, deviceClass } = measured
    printStatus(`${encoding}: ${stepMs.median.toFixed(2)} ms a step`)
    const step = measuredStep({ encoding, resolution, classes, batch, stepMs: stepMs.median })
    calibrations.push({ deviceClass, precision: measured.precision, steps: [step], trainings: [], overheadMs: performance.now() - startMs })
  }
  const overheadMs = calibrations.reduce((sum, each) => sum + each.overheadMs, 0) / calibrations.length
  return joined(calibrations.map((each) => ({ ...each, overheadMs })))
}
