import { setTimeout as delay } from 'node:timers/promises'
import { EnvironmentError } from '../../shared/errors.js'
import { type ProcessEnd, RoleProcess } from './role-process.js'

export interface RoleOptions {
  /** For messages: `coordinator`, `worker-1`. */
  readonly name: string
  readonly words: readonly string[]
  readonly logFile: string
  /** Told when the process is started again. */
  readonly announce: (line: string) => void
}

const restartDelayMs = 500
/** A process that ends this often within the window has something that starting it again does not mend. */
const tolerableEnds = 5
const windowMs = 60_000

/** A process that is started again when it ends without having been told to; its state is in the search's folder. */
export class SupervisedRole {
  private stopping = false
  private readonly ends: number[] = []

  private constructor(
    private readonly options: RoleOptions,
    private process: RoleProcess,
    /** What the process printed once it served; of the first start. */
    readonly document: Readonly<Record<string, unknown>>,
  ) {}

  /** Resolves when the process serves. */
  static async start(options: RoleOptions): Promise<SupervisedRole> {
    const process = RoleProcess.start(options.words, options.logFile)
    return new SupervisedRole(options, process, await process.firstDocument())
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  /** Watches over the process until it is stopped; rejects when it cannot be kept alive. `again` gives the words of a later start. */
  async supervise(again: () => readonly string[] = () => this.options.words): Promise<void> {
    for (;;) {
      const end = await this.process.ended
      if (this.stopping) return
      this.countEnd(end)
      await delay(restartDelayMs)
      if (this.stopping) return
      this.options.announce(`${this.options.name} ended (${wordsOf(end)}); starting it again`)
      this.process = RoleProcess.start(again(), this.options.logFile)
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.stopping = true
    await this.process.stop(graceMs)
  }

  private countEnd(end: ProcessEnd): void {
    const now = performance.now()
    this.ends.push(now)
    const recent = this.ends.filter((time) => now - time < windowMs).length
    if (recent >= tolerableEnds) {
      throw new EnvironmentError(`${this.options.name} ended ${recent} times within a minute (last: ${wordsOf(end)}); its log: ${this.options.logFile}`)
    }
  }
}

const wordsOf = ({ code, signal }: ProcessEnd): string => signal ?? `exit code ${code}`
