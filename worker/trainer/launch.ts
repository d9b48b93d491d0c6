import { type ChildProcess, fork } from 'node:child_process'
import type { Readable } from 'node:stream'
import { builtModule } from '../../shared/package-root.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { type ChildExit, outcomeOfExit } from './child-exit.js'
import type { MeasuredNetwork, ThroughputMeasurement, TrainerCommand, TrainerEvent, TrainerMessage, TrainerWork } from './messages.js'
import { processEnvironment } from './process-environment.js'
import { outOfMemoryKills, peakResidentBytes } from './process-memory.js'
import { StderrTail } from './stderr-tail.js'

export interface LaunchOptions {
  /** Told each event in order, the last one included. */
  readonly onEvent?: (event: TrainerEvent) => void
  /** Told each line of the child's stderr: TensorFlow's own words. */
  readonly onStderrLine?: (line: string) => void
  /** How long a cancelled child may take to end by itself (a step cannot be interrupted) before it is killed. Default 10 s. */
  readonly cancelGraceMs?: number
  /**
   * How long the child may give no sign of life, which it does between steps, before it is killed as `timed_out`: one step (or
   * loading a program) that hangs. Default 10 minutes.
   */
  readonly stepLimitMs?: number
}

/** How a child's work ended. */
export type TrainerEnd = Outcome | ({ readonly kind: 'measured' } & ThroughputMeasurement & MeasuredNetwork)

/** How long after its time limit a training, stuck in one step, is killed. */
const timeLimitGraceMs = 30_000
const memorySampleMs = 500
const exitGraceMs = 10_000
const defaultStepLimitMs = 600_000
/** Looks that find no sign of life until the child counts as stuck: time that this process slept through does not count. */
const looksPerLimit = 10
/** Longest delay that setTimeout takes. */
const longestDelayMs = 2 ** 31 - 1

/** A trainer process at work. It ends with its work, or when this process ends. */
export class TrainerHandle {
  /** How the work ended: told by the child, or read from how the child died. Never rejects. */
  readonly ended: Promise<TrainerEnd>
  private readonly child: ChildProcess
  private readonly killsBefore = outOfMemoryKills()
  private readonly timers: NodeJS.Timeout[] = []
  private ending: ChildExit['ending'] = null
  private end: TrainerEnd | null = null
  private peakBytes = 0
  private silentLooks = 0

  constructor(
    private readonly work: TrainerWork,
    private readonly options: LaunchOptions,
  ) {
    // The 'advanced' serialization keeps NaN and infinity; stdout belongs to the command that this process runs.
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const
    this.child = fork(builtModule('worker/trainer/main'), [], {
      stdio: [...stdio],
      serialization: 'advanced',
      execArgv: [],
      env: environment(work),
    })
    this.ended = this.follow(new StderrTail(this.child.stderr as Readable, options.onStderrLine ?? (() => undefined)))
    this.send(work)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Ends the work; `ended` then resolves, with `cancelled` unless the work was over before. May be called again. */
  cancel(): void {
    if (this.ending !== null) return
    this.ending = { kind: 'cancelled' }
    this.send({ kind: 'cancel' })
    this.after(this.options.cancelGraceMs ?? 10_000, () => this.child.kill('SIGKILL'))
  }

  private async follow(stderr: StderrTail): Promise<TrainerEnd> {
    this.child.on('message', (message: TrainerMessage) => this.receive(message))
    this.sampleMemory()
    this.watchSteps()
    const { code, signal } = await exitOf(this.child, stderr)
    for (const timer of this.timers) clearTimeout(timer)
    if (this.end !== null) return this.end
    const kills = outOfMemoryKills()
    const sawOutOfMemoryKill = kills !== null && kills > (this.killsBefore ?? kills)
    const outcome = outcomeOfExit({ code, signal, stderrTail: stderr.lines, sawOutOfMemoryKill, peakBytes: this.peakBytes, ending: this.ending })
    this.options.onEvent?.({ kind: 'outcome', outcome })
    return outcome
  }

  private receive(event: TrainerMessage): void {
    this.silentLooks = 0
    if (event.kind === 'alive') return
    if (event.kind === 'started') this.watchTimeLimit()
    if (event.kind === 'outcome') this.finish(event.outcome)
    if (event.kind === 'measured' && this.work.kind === 'measure') this.finish(event)
    this.options.onEvent?.(event)
  }

  /** The child has nothing left to do; one that does not go by itself must not hold up the result. */
  private finish(end: TrainerEnd): void {
    this.end = end
    this.after(exitGraceMs, () => this.child.kill('SIGKILL'))
  }

  /** The child looks at the time between steps; this is for a step that does not come back. */
  private watchTimeLimit(): void {
    const limitMs = this.work.kind === 'train' ? this.work.specification.timeLimitMs : undefined
    if (limitMs === undefined) return
    this.after(limitMs + timeLimitGraceMs, () => {
      this.ending ??= { kind: 'timed_out', limitMs }
      this.child.kill('SIGKILL')
    })
  }

  /** For a step that does not come back, also where the training has no time limit. */
  private watchSteps(): void {
    const limitMs = this.options.stepLimitMs ?? defaultStepLimitMs
    const timer = setInterval(() => {
      this.silentLooks += 1
      if (this.silentLooks <= looksPerLimit || this.ending !== null) return
      this.ending = { kind: 'timed_out', limitMs }
      this.child.kill('SIGKILL')
    }, limitMs / looksPerLimit)
    this.timers.push(timer)
  }

  private sampleMemory(): void {
    const timer = setInterval(() => {
      this.peakBytes = Math.max(this.peakBytes, this.child.pid === undefined ? 0 : peakResidentBytes(this.child.pid))
    }, memorySampleMs)
    this.timers.push(timer)
  }

  private after(delayMs: number, task: () => void): void {
    this.timers.push(setTimeout(task, Math.min(delayMs, longestDelayMs)))
  }

  private send(command: TrainerCommand): void {
    // A child that is gone already cannot be told; its exit says the rest.
    if (this.child.connected) this.child.send(command, () => undefined)
  }
}

/** Starts a trainer process with one piece of work. */
export function launchTrainer(work: TrainerWork, options: LaunchOptions = {}): TrainerHandle {
  return new TrainerHandle(work, options)
}

function environment(work: TrainerWork): NodeJS.ProcessEnv {
  const { threads } = work
  return {
    ...processEnvironment(process.env),
    // Decoding shares the cores with the steps; more threads than cores would only take time from them.
    ...(threads === undefined ? {} : { UV_THREADPOOL_SIZE: String(Math.max(2, threads)) }),
    ...(work.kind === 'train' && work.gpu !== undefined ? { CUDA_VISIBLE_DEVICES: work.gpu } : {}),
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Waits until everything is over: the process, its stderr, and the channel, whose last messages may come after the exit. */
async function exitOf(child: ChildProcess, stderr: StderrTail): Promise<Exit> {
  const channel = child.connected ? new Promise<void>((resolve) => child.once('disconnect', resolve)) : Promise.resolve()
  const exit = await new Promise<Exit & { readonly started: boolean }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, started: true }))
    child.once('error', () => resolve({ code: null, signal: null, started: child.pid !== undefined }))
  })
  if (exit.started) await Promise.all([channel, stderr.ended])
  return exit
}
