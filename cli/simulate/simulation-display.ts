import { createLogUpdate } from 'log-update'
import { formatDuration } from '../../shared/config/duration.js'
import type { SimulationProgress } from '../../simulator/simulation.js'

export interface SimulationDisplay {
  show(progress: SimulationProgress, wallMs: number): void
  end(): void
}

/** A line that is repainted on a terminal; elsewhere one now and then. */
export function createSimulationDisplay(stream: NodeJS.WriteStream = process.stderr): SimulationDisplay {
  if (!stream.isTTY) return new PacedDisplay(10_000, (line) => void stream.write(`${line}\n`), () => undefined)
  const update = createLogUpdate(stream)
  return new PacedDisplay(200, update, () => update.done())
}

class PacedDisplay implements SimulationDisplay {
  private shownMs = 0

  constructor(
    private readonly paceMs: number,
    private readonly write: (line: string) => void,
    readonly end: () => void,
  ) {}

  show(progress: SimulationProgress, wallMs: number): void {
    if (wallMs - this.shownMs < this.paceMs) return
    this.shownMs = wallMs
    this.write(progressLine(progress, wallMs))
  }
}

export function progressLine({ virtualMs, endsAtMs, candidates, busySlots, aliveSlots }: SimulationProgress, wallMs: number): string {
  const parts = [
    `${formatDuration(virtualMs)} of ${formatDuration(endsAtMs)}`,
    `${candidates} candidates`,
    `${busySlots} of ${aliveSlots} slots busy`,
    `${formatDuration(wallMs)} spent`,
  ]
  return parts.join('  ')
}
