import { messageOf } from '../../shared/errors.js'
import { mean } from '../../shared/mean.js'
import { builtModule } from '../../shared/package-root.js'
import type { PrecisionChoice } from '../../shared/training/specification.js'
import { cpuClass } from '../../worker/trainer/device.js'
import { processEnvironment } from '../../worker/trainer/process-environment.js'
import { leastSquaresSlope } from '../least-squares.js'
import { type Cell, cellName, cellWork } from './cell.js'
import { LineProcess } from './line-process.js'
import { type CellMeasurement, type ContenderName, type Row, rowOf } from './row.js'
import { type Contenders, runCell } from './run-cell.js'
import { withSyntheticImages } from './synthetic-images.js'
import { ensureTorch, startTorch } from './torch.js'

export interface BenchTrainOptions {
  readonly cells: readonly Cell[]
  readonly threads: number
  readonly precision: PrecisionChoice
  /** Steps of each contender and cell. */
  readonly repetitions: number
  /** Whether torch.compile takes part, which compiles for minutes. */
  readonly compile: boolean
  /** No cell begins that would probably end later than this after the start, milliseconds. */
  readonly limitMs: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** Images that the loader is timed on: at least two batches of the largest size, and some seconds of decoding. */
const loaderImages = 512

export interface BenchTrainResult {
  readonly rows: Row[]
  /** Device, threads, date, and the version of each contender. */
  readonly machine: Readonly<Record<string, string | number>>
}

/** Rows in the order of the cells; cells for which time ran out have nulls and say so. */
export async function benchTrain(options: BenchTrainOptions): Promise<BenchTrainResult> {
  const { cells, signal, say, limitMs } = options
  const start = performance.now()
  const reasons: Record<string, string> = {}
  const contenders = await startContenders(options, reasons)
  const loaders = new LoaderRates(contenders.engine!)
  const pace = new Pace()
  const rows: Row[] = []
  const versions: Record<string, string> = {}
  try {
    for (const [index, cell] of cells.entries()) {
      if (signal.aborted) break
      const began = performance.now()
      if (index > 0 && began - start + pace.expectedMs(cell) > limitMs) {
        rows.push(rowOf(unmeasured(cell, { all: 'the time limit of the run was reached (--minutes)' })))
        continue
      }
      const { versions: found, ...measurement } = await runCell(cell, contenders, reasons, options)
      rows.push(rowOf({ ...measurement, ...(await loaders.of(cell)) }))
      Object.assign(versions, found)
      pace.learn(cell, performance.now() - began)
      say(`${cellName(cell)}: ${lineOf(rows[rows.length - 1])}`)
    }
  } finally {
    await Promise.all(Object.values(contenders).map((process) => process.close()))
  }
  return { rows, machine: { device: cpuClass(options.threads), date: new Date().toISOString().slice(0, 10), precision: options.precision, ...versions } }
}

async function startContenders(options: BenchTrainOptions, reasons: Record<string, string>): Promise<Contenders> {
  const { threads, compile, say } = options
  const node = (name: string, module: string): LineProcess => new LineProcess(name, process.execPath, [builtModule(module), String(threads)], processEnvironment(process.env))
  const contenders: Contenders = { engine: node('the engine', 'bench/train/engine-process'), eager: node('eager tfjs', 'bench/train/eager-process') }
  if (!compile) reasons.torchCompile = 'not asked for (--compile)'
  try {
    const torch = await ensureTorch(say)
    contenders.torch = startTorch(torch, threads, false)
    if (compile) contenders.torchCompile = startTorch(torch, threads, true)
  } catch (error) {
    reasons.torch = messageOf(error)
    if (compile) reasons.torchCompile = messageOf(error)
  }
  return contenders
}

function unmeasured(cell: Cell, reasons: Record<string, string>): CellMeasurement {
  return { cell, samples: {}, loader: null, reasons }
}

/** The loader's rate does not depend on the network: measured once for each batch size and resolution. */
class LoaderRates {
  private readonly known = new Map<string, Promise<CellMeasurement['loader']>>()

  constructor(private readonly engine: LineProcess) {}

  async of(cell: Cell): Promise<Pick<CellMeasurement, 'loader'>> {
    const key = `${cell.batch} ${cell.resolution}`
    if (!this.known.has(key)) this.known.set(key, this.measure(cell).catch(() => null))
    return { loader: await this.known.get(key)! }
  }

  private measure(cell: Cell): Promise<CellMeasurement['loader']> {
    return withSyntheticImages(cell.resolution, loaderImages, async (directory) => {
      return (await this.engine.ask({ kind: 'load', directory, cell })) as unknown as CellMeasurement['loader']
    })
  }
}

/**
 * How long cells take, from those done: a part that all have (starting, compiling, trying algorithms, which is nearly all of it on
 * a GPU) and one in proportion to the work, by least squares; of the first one alone, all is taken for work.
 */
class Pace {
  private readonly done: { readonly work: number; readonly ms: number }[] = []

  learn(cell: Cell, ms: number): void {
    this.done.push({ work: cellWork(cell), ms })
  }

  expectedMs(cell: Cell): number {
    const [works, times] = [this.done.map(({ work }) => work), this.done.map(({ ms }) => ms)]
    const proportional = mean(times) / mean(works)
    const slope = Math.max(0, leastSquaresSlope(works, times) ?? proportional)
    const start = mean(times) - slope * mean(works)
    // A line that starts below zero is one through it.
    return start >= 0 ? start + slope * cellWork(cell) : proportional * cellWork(cell)
  }
}

function lineOf(row: Row): string {
  const times: [ContenderName, number | null, number | null][] = [
    ['torch', row.torchStepMs, row.ratioToTorch],
    ['torchCompile', row.torchCompileStepMs, row.ratioToTorchCompile],
    ['eager', row.eagerStepMs, row.ratioToEager],
  ]
  const others = times.filter(([, ms]) => ms !== null).map(([name, ms, ratio]) => `${name} ${ms!.toFixed(1)} (${ratio?.toFixed(2)}x)`)
  return [`step ${row.stepMs?.toFixed(1) ?? '-'} ms`, ...others, `evaluation ${row.evaluationMs?.toFixed(1)} (${row.ratioToTorchEvaluation?.toFixed(2) ?? '-'}x)`].join(', ')
}
