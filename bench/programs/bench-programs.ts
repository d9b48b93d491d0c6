import { setImmediate as turn } from 'node:timers/promises'
import { buildLayerGraph } from '../../shared/network/build.js'
import { CancelledError } from '../../shared/errors.js'
import { createRng } from '../../shared/rng.js'
import { parseGenome } from '../../shared/space/parse.js'
import { buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { type Batch, TrainingSession } from '../../worker/tensorflow/session.js'
import { leastSquaresSlope } from '../least-squares.js'

export interface ProgramsBenchOptions {
  /** Programs that are built, run and dropped, one after the other. */
  readonly count: number
  readonly encoding: string
  readonly progress: (done: number, rssMib: number) => void
  readonly signal: AbortSignal
}

export interface ProgramsBench {
  readonly programs: number
  /** Resident memory after the first tenth, when allocators are warm, and at the end, MiB. */
  readonly rssMib: { readonly warm: number; readonly end: number }
  /** Growth of resident memory, KiB a program: the least-squares slope after the first tenth. */
  readonly growthKib: number
  readonly seconds: number
}

const [batch, resolution, classes] = [4, 32, 10]

function batchOf(seed: number): Batch {
  const rng = createRng(seed)
  return {
    images: Uint8Array.from({ length: batch * resolution * resolution * 3 }, () => rng.integer(256)),
    labels: Int32Array.from({ length: batch }, () => rng.integer(classes)),
  }
}

/** Builds, initializes, trains a step, evaluates, and drops. */
async function useOne(encoding: string): Promise<void> {
  const graph = buildLayerGraph(parseGenome(encoding), { resolution, classes })
  const session = await TrainingSession.open(buildTrainingProgram(graph, { batch }))
  try {
    session.initialize(1)
    session.trainStep(batchOf(1), 0.01)
    session.evaluateStep(batchOf(2))
  } finally {
    session.close()
  }
}

/** Resident memory of a process that goes through many programs. @throws CancelledError, what `TrainingSession.open` throws */
export async function benchPrograms({ count, encoding, progress, signal }: ProgramsBenchOptions): Promise<ProgramsBench> {
  const start = performance.now()
  const rss: number[] = []
  for (let done = 0; done < count; done++) {
    if (signal.aborted) throw new CancelledError('the measurement was interrupted')
    await useOne(encoding)
    await turn()
    rss.push(process.memoryUsage.rss() / 1024 / 1024)
    progress(done + 1, rss[done])
  }
  const warm = rss.slice(Math.min(Math.floor(count / 10), count - 1))
  return {
    programs: count,
    rssMib: { warm: Math.round(warm[0]), end: Math.round(warm[warm.length - 1]) },
    growthKib: Math.round((leastSquaresSlope(warm.map((_, index) => index), warm) ?? 0) * 1024 * 10) / 10,
    seconds: Math.round((performance.now() - start) / 100) / 10,
  }
}
