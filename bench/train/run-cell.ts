import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { networkCost } from '../../shared/network/cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { PrecisionChoice } from '../../shared/training/specification.js'
import type { Cell } from './cell.js'
import type { LineProcess } from './line-process.js'
import type { CellMeasurement, ContenderName } from './row.js'

/** What is measured of each contender in a turn, in this order. */
const partsOf: Readonly<Record<ContenderName, readonly string[]>> = {
  engine: ['step', 'evaluation', 'forward', 'forward+backward', 'feed'],
  torch: ['step', 'evaluation'],
  torchCompile: ['step'],
  eager: ['step'],
}

/** For the threads of the contender before to go to sleep: OpenMP's, which PyTorch uses, wait for more work in a loop first. */
const settleMs = 50
/** For the same between two things that one contender is asked for. */
const pauseMs = 5
const warmUps = 2

export interface CellOptions {
  readonly precision: PrecisionChoice
  readonly repetitions: number
  readonly signal: AbortSignal
}

export type Contenders = Partial<Record<ContenderName, LineProcess>>

/**
 * Times a cell in turns: each contender takes two steps, of which the second is timed, then the next one does, so that whatever else the machine does hits
 * all alike; who begins changes from turn to turn. A contender that fails drops out, and the reason is kept.
 */
export async function runCell(cell: Cell, contenders: Contenders, given: Readonly<Record<string, string>>, options: CellOptions): Promise<CellMeasurement & { versions: Record<string, string> }> {
  const race = new Race(cell, contenders, given, options)
  await race.prepare()
  for (let turn = 0; turn < options.repetitions && !options.signal.aborted; turn++) await race.turn(turn)
  return { ...race.measurement, versions: race.versions }
}

class Race {
  private readonly samples: Partial<Record<ContenderName, Map<string, number[]>>> = {}
  /** Of the contenders that told one, and the name of the device. */
  readonly versions: Record<string, string> = {}
  private readonly reasons: Record<string, string>
  private runners: [ContenderName, LineProcess][]

  constructor(
    private readonly cell: Cell,
    contenders: Contenders,
    given: Readonly<Record<string, string>>,
    private readonly options: CellOptions,
  ) {
    this.runners = Object.entries(contenders) as [ContenderName, LineProcess][]
    this.reasons = { ...given }
  }

  get measurement(): CellMeasurement {
    return { cell: this.cell, samples: this.samples, loader: null, reasons: this.reasons }
  }

  async prepare(): Promise<void> {
    const graph = buildLayerGraph(parseGenome(this.cell.encoding), this.cell)
    const question = { kind: 'prepare', cell: this.cell, graph, params: networkCost(graph).params }
    // The engine comes first and says which device and precision it uses, so that the others use the same.
    let [device, precision]: [string, string] = ['cpu', this.options.precision]
    for (const [name, process] of this.runners) {
      await this.orDropOut(name, async () => {
        const reply = await process.ask({ ...question, device, precision })
        this.versions[name] = String(reply.version)
        if (name === 'engine') {
          ;[device, precision] = [String(reply.device), String(reply.precision)]
          Object.assign(this.versions, { device: String(reply.deviceClass), precision })
        }
        for (let index = 0; index < warmUps; index++) for (const part of partsOf[name]) await process.ask({ kind: 'measure', part })
        this.samples[name] = new Map()
      })
    }
  }

  async turn(turn: number): Promise<void> {
    const count = this.runners.length
    const order = this.runners.map((_, index) => this.runners[(index + turn) % count])
    for (const [name, process] of order) {
      await delay(settleMs)
      await this.orDropOut(name, async () => {
        for (const part of partsOf[name]) {
          await delay(pauseMs)
          // Not timed: a training goes on from step to step, and does not begin each one with cores that sleep and cold caches.
          await process.ask({ kind: 'measure', part })
          this.keep(name, part, await process.ask({ kind: 'measure', part }))
        }
      })
    }
  }

  /** An answer holds `ms`, and may hold the times of parts of what was measured. */
  private keep(name: ContenderName, part: string, answer: Record<string, unknown>): void {
    for (const [key, ms] of Object.entries(answer)) {
      const samples = this.samples[name]!
      const into = key === 'ms' ? part : key
      samples.set(into, [...(samples.get(into) ?? []), ms as number])
    }
  }

  private async orDropOut(name: ContenderName, body: () => Promise<void>): Promise<void> {
    try {
      await body()
    } catch (error) {
      this.reasons[name] = messageOf(error)
      this.runners = this.runners.filter(([other]) => other !== name)
      delete this.samples[name]
    }
  }
}
