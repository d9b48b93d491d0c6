import { closeSync, openSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { InvalidInputError, messageOf } from '../../shared/errors.js'
import { Simulation } from '../../simulator/simulation.js'
import type { SimulationConfig } from '../../simulator/simulation-config.js'
import type { SimulationEvent } from '../../simulator/simulation-event.js'
import type { SimulationReport } from '../../simulator/simulation-report.js'
import { Interruption } from '../search/interruption.js'
import { createSimulationDisplay } from './simulation-display.js'

export interface SimulationResult {
  readonly report: SimulationReport
  readonly wallSeconds: number
  /** Its user ended it: the report is of how far it came. */
  readonly interrupted: boolean
}

/** Events between two looks at signals and at the display. */
const eventsAtATime = 2_000

/** Simulates to the end, or until its user interrupts it. @param log file that events are written to */
export async function runSimulation(config: SimulationConfig, log: string | undefined): Promise<SimulationResult> {
  const startedMs = performance.now()
  const interruption = new Interruption()
  const events = log === undefined ? null : new EventFile(log)
  const simulation = new Simulation({ config, quiet: () => setImmediate(), ...(events && { log: (event: SimulationEvent) => events.write(event) }) })
  const display = createSimulationDisplay()
  try {
    while (!interruption.wasRequested && !(await simulation.advance(eventsAtATime))) {
      display.show(simulation.progress, performance.now() - startedMs)
      await setImmediate()
    }
  } finally {
    display.end()
    events?.close()
  }
  const report = simulation.report()
  return { report, wallSeconds: (performance.now() - startedMs) / 1000, interrupted: interruption.wasRequested }
}

const bufferedLines = 1_000

/** One JSON object a line. */
class EventFile {
  private readonly file: number
  private lines: string[] = []

  constructor(path: string) {
    try {
      this.file = openSync(path, 'w')
    } catch (error) {
      throw new InvalidInputError(`cannot write the log ${path}: ${messageOf(error)}`)
    }
  }

  write(event: SimulationEvent): void {
    this.lines.push(`${JSON.stringify(event)}\n`)
    if (this.lines.length >= bufferedLines) this.flush()
  }

  close(): void {
    this.flush()
    closeSync(this.file)
  }

  private flush(): void {
    writeSync(this.file, this.lines.splice(0).join(''))
  }
}
