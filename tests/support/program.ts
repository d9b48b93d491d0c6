import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'

const entry = join(resolve(import.meta.dirname, '../..'), 'bin/nasoa.js')

export interface ProgramEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The program as its user starts it, in a process of its own. */
export class Program {
  private stdout = ''
  private stderr = ''
  private readonly child: ChildProcess

  constructor(words: readonly string[]) {
    this.child = spawn(process.execPath, [entry, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()))
    this.child.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()))
  }

  /** Resolves with the match once the pattern shows up on stderr; rejects if the program ends without it. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr)
      if (match) return match
      if (this.child.exitCode !== null) throw new Error(`ended without ${String(pattern)}: ${this.stderr}`)
      await Promise.race([once(this.child.stderr as NodeJS.ReadableStream, 'data'), once(this.child, 'close')])
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async end(): Promise<ProgramEnd> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr }
  }
}

export function runProgram(...words: string[]): Promise<ProgramEnd> {
  return new Program(words).end()
}
