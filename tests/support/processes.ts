import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { Eventually } from './eventually.js'
import { packageRoot } from '../../shared/package-root.js'

const root = packageRoot()
const living = new Set<TestProcess>()

/** Ends all that still run; for the end of a test. */
export async function killAll(): Promise<void> {
  await Promise.all([...living].map((each) => each.kill()))
}

/** A program under test, with what it prints. */
export class TestProcess {
  readonly stdout = new Eventually<string>()
  readonly stderr = new Eventually<string>()
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  private readonly child: ChildProcess

  /** @param onLog told each line of its stderr */
  constructor(words: readonly string[], onLog: (line: string) => void = () => undefined) {
    this.child = spawn(process.execPath, [...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    this.follow(this.child.stdout, this.stdout)
    this.follow(this.child.stderr, this.stderr, onLog)
    living.add(this)
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        living.delete(this)
        resolve(code ?? signal ?? 'unknown')
      })
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Gives it no chance to do anything more. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** The next line of its log that satisfies the condition. */
  async log(condition: (entry: Readonly<Record<string, unknown>>) => boolean): Promise<Record<string, unknown>> {
    const line = await this.until(this.stderr, (text) => text.startsWith('{') && condition(JSON.parse(text) as Record<string, unknown>))
    return JSON.parse(line) as Record<string, unknown>
  }

  async firstDocument(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.until(this.stdout, (line) => line.startsWith('{'))) as Record<string, unknown>
  }

  private follow(stream: NodeJS.ReadableStream | null, lines: Eventually<string>, tell: (line: string) => void = () => undefined): void {
    if (stream === null) return
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      tell(line)
    })
  }

  private async until(lines: Eventually<string>, condition: (line: string) => boolean): Promise<string> {
    const ended = this.ended.then((code) => {
      throw new Error(`the process ended (${code}) before it said so:\n${this.stderr.seen.join('\n')}`)
    })
    return Promise.race([lines.until(condition), ended])
  }
}

/** `nasoa <words>` as users run it. */
export function nasoa(...words: string[]): TestProcess {
  return new TestProcess([join(root, 'bin/nasoa.js'), ...words])
}
