import { CoordinatorCore } from '../coordinator/coordinator-core.js'
import type { RunObserver } from '../coordinator/run/run-observer.js'
import { silentLogger } from '../shared/logging.js'
import type { Disturbances } from './disturbances.js'
import { InProcessCalls } from './in-process-calls.js'
import type { MemoryStore } from './memory-store.js'
import type { SimulationConfig } from './simulation-config.js'
import type { VirtualTime } from './virtual-time.js'

export interface SimulatedCoordinatorOptions {
  readonly config: SimulationConfig
  readonly classes: number
  readonly time: VirtualTime
  readonly store: MemoryStore
  readonly restarts: Disturbances
  readonly observer: RunObserver
  readonly quiet: () => Promise<void>
}

/** The real coordinator on virtual time, which dies and comes back from its store as its disturbances have it. */
export class SimulatedCoordinator {
  /** Of the coordinator that lives, or of the last one while none does. */
  core: CoordinatorCore
  /** null = it is down. */
  calls: InProcessCalls | null = null
  /** Of the coordinator that lives or has died last: answers may be on their way. */
  private lastCalls: InProcessCalls
  private sessions = 0

  constructor(private readonly options: SimulatedCoordinatorOptions) {
    const { core, calls } = this.start()
    this.core = core
    this.calls = this.lastCalls = calls
  }

  /** When it dies next; Infinity = never. */
  get endsAtMs(): number {
    return this.calls === null ? this.options.time.now() : this.options.restarts.from(this.options.time.now()).startMs
  }

  get isBusy(): boolean {
    return this.lastCalls.isBusy
  }

  /** Waits until nothing more happens without time going on. */
  settled(): Promise<void> {
    return this.lastCalls.settled()
  }

  private start(): { readonly core: CoordinatorCore; readonly calls: InProcessCalls } {
    const { config, classes, time, store, restarts, observer, quiet } = this.options
    let isAlive = true
    // What a process had yet to do dies with it.
    const soon = (task: () => void): void => time.soon(() => isAlive && task())
    const core = new CoordinatorCore({
      config,
      dataset: { classes },
      directory: 'the simulation',
      store,
      clock: time,
      turns: { soon, later: soon },
      logger: silentLogger,
      observer,
      workers: store.workers(),
      newSessionId: () => `session-${++this.sessions}`,
    })
    const calls = new InProcessCalls(core.workerService().implementation(), quiet)
    core.start()
    const { startMs, endMs } = restarts.after(time.now())
    if (startMs < Infinity) {
      time.at(startMs, () => {
        isAlive = false
        this.die(endMs)
      })
    }
    return { core, calls }
  }

  private die(backAtMs: number): void {
    this.calls?.breakOff()
    this.calls = null
    this.core.close()
    this.options.store.abandon()
    this.options.time.at(backAtMs, () => {
      const { core, calls } = this.start()
      this.core = core
      this.calls = this.lastCalls = calls
    })
  }
}
