import { createLogUpdate } from 'log-update'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { progressLine, renderProgress } from './render-progress.js'

/** Shows a search as it goes on. */
export interface ProgressDisplay {
  show(snapshot: SearchSnapshot): void
  /** A line that stays. */
  announce(line: string): void
  end(): void
}

/** Repainted in place on a terminal, plain lines elsewhere. */
export function createProgressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? new LiveDisplay(stream) : new LineDisplay(stream)
}

class LiveDisplay implements ProgressDisplay {
  private readonly update: ReturnType<typeof createLogUpdate>
  private last: SearchSnapshot | null = null

  constructor(private readonly stream: NodeJS.WriteStream) {
    this.update = createLogUpdate(stream)
  }

  show(snapshot: SearchSnapshot): void {
    this.last = snapshot
    this.update(renderProgress(snapshot, this.stream.columns))
  }

  announce(line: string): void {
    this.update.clear()
    this.stream.write(`${line}\n`)
    if (this.last) this.show(this.last)
  }

  end(): void {
    this.update.done()
  }
}

/** Without a terminal: a line for each result, and one now and then while nothing happens. */
class LineDisplay implements ProgressDisplay {
  private static readonly quietMs = 30_000
  private trained = -1
  private shownAtMs = -Infinity

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(snapshot: SearchSnapshot): void {
    if (snapshot.trained === this.trained && snapshot.elapsedMs - this.shownAtMs < LineDisplay.quietMs) return
    this.trained = snapshot.trained
    this.shownAtMs = snapshot.elapsedMs
    this.stream.write(`${progressLine(snapshot)}\n`)
  }

  announce(line: string): void {
    this.stream.write(`${line}\n`)
  }

  end(): void {
    // Each line is complete already.
  }
}
