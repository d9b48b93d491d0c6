import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { packageRoot } from '../../shared/package-root.js'

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A coordinator or worker that this command started on this machine. */
export class RoleProcess {
  /** Resolves when the process has ended, with what ended it. */
  readonly ended: Promise<ProcessEnd>
  private over = false

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
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

  /**
   * The JSON document that the process prints once it serves.
   * @throws the error it printed instead, or EnvironmentError when it ended without a word
   */
  async firstDocument(): Promise<Record<string, unknown>> {
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    const line = new Promise<string>((resolve) => lines.once('line', resolve))
    const end = this.ended.then(({ code, signal }) => {
      throw new EnvironmentError(`a process of the search ended (${signal ?? `exit code ${code}`}) before it served; its log: ${this.logFile}`)
    })
    const document = JSON.parse(await Promise.race([line, end])) as Record<string, unknown>
    if (document.error !== undefined) throw printedError(document.error as { code: string; message: string })
    return document
  }

  /** Asks it to end in order; kills it when it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (!this.over) this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs)
    await this.ended
    clearTimeout(timer)
  }
}

function printedError({ code, message }: { code: string; message: string }): Error {
  return /^(invalid|usage|not_found)/.test(code) ? new InvalidInputError(message) : new EnvironmentError(message)
}
