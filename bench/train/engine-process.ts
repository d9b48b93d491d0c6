import { join } from 'node:path'
import { openDataset } from '../../worker/data/dataset.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { parseGenome } from '../../shared/space/parse.js'
import { isUsingGpu, loadTensorFlow, nativeVersion } from '../../worker/tensorflow/native/load.js'
import { type StepPart, buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { TrainingSession } from '../../worker/tensorflow/session.js'
import { type DeviceOptions, computeDevice, deviceOptions } from '../../worker/trainer/device.js'
import type { PrecisionChoice } from '../../shared/training/specification.js'
import type { Cell } from './cell.js'
import { serveLines } from './serve-lines.js'
import { syntheticBatch } from './synthetic-batch.js'

/** The engine of this program, as a trainer process runs it: see run-cell.ts for what it is asked. */
const threads = Number(process.argv[2])
const tf = await loadTensorFlow({ intraOpThreads: threads, interOpThreads: threads })
const device = await computeDevice(isUsingGpu(tf), threads)
let sessions: Record<StepPart, TrainingSession> | null = null
let batch: ReturnType<typeof syntheticBatch>

async function prepare(cell: Cell, choice: PrecisionChoice): Promise<Record<string, unknown>> {
  close()
  batch = syntheticBatch(cell)
  const made = deviceOptions(choice, device)
  const openPart = (part: StepPart) => open(cell, made, part)
  sessions = { whole: await openPart('whole'), backward: await openPart('backward'), forward: await openPart('forward') }
  return { version: nativeVersion(tf), device: device.kind, deviceClass: device.deviceClass, precision: made.precision }
}

async function open({ encoding, ...cell }: Cell, made: DeviceOptions, part: StepPart): Promise<TrainingSession> {
  const graph = buildLayerGraph(parseGenome(encoding), cell)
  const session = await TrainingSession.open(
    buildTrainingProgram(graph, { batch: cell.batch, weightDecay: 5e-4, labelSmoothing: 0.1, ...made, part }),
  )
  session.initialize(0)
  session.loadBatch(batch)
  return session
}

function close(): void {
  for (const session of Object.values(sessions ?? {})) session.close()
  sessions = null
}

function time(body: () => void): Record<string, unknown> {
  const start = performance.now()
  body()
  return { ms: performance.now() - start }
}

function measure(part: string): Record<string, unknown> {
  const { whole, backward, forward } = sessions!
  switch (part) {
    case 'forward':
      return time(() => forward.benchmarkStep())
    case 'forward+backward':
      return time(() => backward.benchmarkStep())
    case 'feed':
      return time(() => whole.loadBatch(batch))
    case 'evaluation':
      return time(() => void whole.evaluateStep(batch))
    default:
      return time(() => whole.benchmarkStep())
  }
}

/** Images a second of the loader alone, over one epoch after one that fills its caches as the first epoch of a training does. */
async function load(directory: string, { batch: size, resolution }: Cell): Promise<Record<string, unknown>> {
  const recipe = { resolution, batch: size, augmentation: 'resized-crop', seed: 0 } as const
  const dataset = await openDataset({ directory, subset: { seed: 0 }, recipe, unreadableLimit: 0, log: () => undefined, imageCache: { root: join(directory, 'image-cache') } })
  const rates: number[] = []
  for (const epoch of [0, 1]) {
    const start = performance.now()
    let images = 0
    for await (const { size: count } of dataset.trainBatches(epoch)) images += count
    rates.push((images * 1000) / (performance.now() - start))
  }
  await dataset.close()
  return { firstEpoch: rates[0], nextEpoch: rates[1] }
}

await serveLines(async (question) => {
  if (question.kind === 'prepare') return prepare(question.cell as Cell, question.precision as PrecisionChoice)
  if (question.kind === 'load') return load(question.directory as string, question.cell as Cell)
  return measure(question.part as string)
})
close()
