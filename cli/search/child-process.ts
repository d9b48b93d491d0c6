import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { packageRoot } from '../../shared/package-root.js'
import { EnvironmentError } from '../../shared/errors.js'

/** A coordinator or worker that this command started on this machine. */
export class RoleProcess {
  /** Resolves when the process has ended, with what ended it. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  private over = false

  private constructor(
    private readonly child: ChildProcess,
    /** Its log, for messages. */
    readonly logFile: string,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.over = true
        resolve({ code, signal })
      })
    })
  }

  /**
   * Starts `nasoa <words>` with its stderr in a log file. The process leads a group of its own, so that Ctrl-C in the terminal reaches
   * only this command, which then ends the search in order; a channel to this command ends the process should this one vanish.
   */
  static start(words: readonly string[], logFile: string): RoleProcess {
    const log = openSync(logFile, 'a')
    try {
      const child = fork(join(packageRoot(), 'bin/nasoa.js'), words, { detached: true, stdio: ['ignore', 'pipe', log, 'ipc'] })
      return new RoleProcess(child, logFile)
    } finally {
      closeSync(log)
    }
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** The first line it prints on stdout; rejects when it ends before. */
  async firstLine(): Promise<string> {
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    const line = new Promise<string>((resolve) => lines.once('line', resolve))
    const end = this.ended.then(({ code, signal }) => {
      throw new EnvironmentError(`the process ended (${signal ?? `exit code ${code}`}) before it was ready; its log: ${this.logFile}`)
    })
    return Promise.race([line, end])
  }

  /** Asks it to end in order; kills it when it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (!this.over) this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs)
    await this.ended
    clearTimeout(timer)
  }
}
