import type { Outcome } from '../../shared/training/outcome.js'
import { outcomeOfError } from './ended-early.js'
import type { TrainingEngine } from './engine.js'
import { measureThroughput } from './measure-throughput.js'
import type { MeasureCommand, TrainCommand, TrainerEvent, TrainerWork } from './messages.js'
import { QuietWindow } from './quiet-window.js'
import { tensorFlowEngine } from './tensorflow-engine.js'
import { runTraining } from './train.js'

type Emit = (event: TrainerEvent) => void

interface Surroundings {
  readonly engine: TrainingEngine
  readonly quietWindow: QuietWindow
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** Largest resident memory of this process so far. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024

/** Does one piece of work and tells everything about it; see TrainerEvent for what comes last. Throws nothing. */
export async function performWork(work: TrainerWork, emit: Emit, signal: AbortSignal): Promise<void> {
  try {
    const engine = await tensorFlowEngine(work.threads, (message) => emit({ kind: 'log', level: 'info', message }))
    const surroundings = { engine, quietWindow: new QuietWindow(work.measurementLockPath), emit, signal }
    if (work.kind === 'train') emit({ kind: 'outcome', outcome: await train(work, surroundings) })
    else await measure(work, surroundings)
  } catch (error) {
    emit({ kind: 'outcome', outcome: outcomeOfError(error, peakBytes()) })
  }
}

function train({ specification, outputDirectory, resumeFrom, threads }: TrainCommand, surroundings: Surroundings): Promise<Outcome> {
  const places = { ...(outputDirectory === undefined ? {} : { outputDirectory }), ...(resumeFrom === undefined ? {} : { resumeFrom }) }
  return runTraining(specification, { ...surroundings, ...places, ...(threads === undefined ? {} : { threads }), peakBytes })
}

async function measure(command: MeasureCommand, { engine, quietWindow, emit, signal }: Surroundings): Promise<void> {
  const network = await engine.open({ ...command, weightDecay: 5e-4, labelSmoothing: 0.1 })
  try {
    network.initialize(0)
    const measurement = await quietWindow.hold(() => measureThroughput(() => network.benchmarkStep(), command.batch, signal), signal)
    emit({ kind: 'measured', ...measurement, ...engine.device, precision: network.precision })
  } finally {
    network.close()
  }
}
