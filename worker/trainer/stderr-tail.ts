import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

const kept = 20
const longestLine = 1000

/** Follows a child's stderr and keeps its last lines, for the message when it ends badly. */
export class StderrTail {
  private readonly last: string[] = []
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>

  constructor(stream: Readable, onLine: (line: string) => void) {
    const lines = createInterface({ input: stream })
    lines.on('line', (line) => {
      if (line.trim() === '') return
      this.last.push(line.slice(0, longestLine))
      if (this.last.length > kept) this.last.shift()
      onLine(line)
    })
    this.ended = new Promise((resolve) => lines.once('close', resolve))
  }

  get lines(): readonly string[] {
    return this.last
  }
}
