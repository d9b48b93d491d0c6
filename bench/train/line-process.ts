import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { BenchError } from './bench-error.js'

interface Waiting {
  resolve(answer: Record<string, unknown>): void
  reject(error: Error): void
}

/** A program that answers each line of JSON on its stdin with one on its stdout. */
export class LineProcess {
  private readonly child: ChildProcess
  private readonly lastWords: string[] = []
  private waiting: Waiting | null = null
  private end: BenchError | null = null

  constructor(
    private readonly name: string,
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.receive(line))
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.lastWords.splice(0, this.lastWords.length - 20, line))
    this.child.stdin!.on('error', () => undefined)
    this.child.once('error', (error) => this.finish(error.message))
    this.child.once('close', (code, signal) => this.finish(signal ?? `exit code ${code}`))
  }

  /** @throws BenchError when the program answers with an error, or ends */
  ask(question: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (this.end !== null) return Promise.reject(this.end)
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.child.stdin!.write(`${JSON.stringify(question)}\n`)
    })
  }

  async close(): Promise<void> {
    if (this.end !== null) return
    const closed = new Promise((resolve) => this.child.once('close', resolve))
    this.child.kill('SIGKILL')
    await closed
  }

  private receive(line: string): void {
    const answer = JSON.parse(line) as Record<string, unknown>
    const waiting = this.waiting
    this.waiting = null
    if (typeof answer.error === 'string') waiting?.reject(new BenchError(`${this.name}: ${answer.error}`))
    else waiting?.resolve(answer)
  }

  private finish(how: string): void {
    const words = this.lastWords.slice(-3).join(' | ')
    this.end ??= new BenchError(`${this.name} ended (${how})${words === '' ? '' : `: ${words}`}`)
    this.waiting?.reject(this.end)
    this.waiting = null
  }
}
