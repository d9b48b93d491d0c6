import type { AttemptReference } from '../shared/cluster/attempt.js'
import type { WorkerDescription } from '../shared/cluster/worker-description.js'
import type { Rng } from '../shared/rng.js'
import { Disturbances, type Interval } from './disturbances.js'
import type { InProcessCalls } from './in-process-calls.js'
import { NetworkLink } from './network-link.js'
import { randomStream } from './random-stream.js'
import type { WorkerClass } from './simulation-config.js'
import type { SharedCheckpoints } from './shared-checkpoints.js'
import type { SimulatedDevice, TrainingOracle } from './training-oracle.js'
import type { VirtualTime } from './virtual-time.js'
import { WorkDisk } from './work-disk.js'
import { WorkerProcess } from './worker-process.js'

/** Why a worker goes away. */
export type Absence = 'lost' | 'restarts' | 'preempted'
const absences: readonly Absence[] = ['lost', 'restarts', 'preempted']

export interface HostObserver {
  workerUp(host: SimulatedHost): void
  workerDown(host: SimulatedHost, why: Absence): void
  trainingBegan(host: SimulatedHost, attempt: AttemptReference, slot: number): void
  trainingStopped(host: SimulatedHost, attempt: AttemptReference, slot: number): void
}

export interface HostOptions {
  readonly time: VirtualTime
  readonly seed: number
  readonly workerClass: WorkerClass
  /** From 0, within the class. */
  readonly index: number
  readonly version: string
  readonly oracle: TrainingOracle
  readonly checkpoints: SharedCheckpoints | null
  readonly coordinator: () => InProcessCalls | null
  readonly coordinatorEndsAtMs: () => number
  readonly everyHeartbeat: boolean
  readonly observer: HostObserver
}

const bytesPerGiB = 2 ** 30

/** A machine with a worker, which goes and comes back as its disturbances have it. */
export class SimulatedHost {
  readonly worker: WorkerDescription
  readonly device: SimulatedDevice
  /** The process, while it lives. */
  process: WorkerProcess | null = null
  private readonly disk = new WorkDisk()
  private readonly rng: Rng
  private readonly latencyMs: number
  private readonly cuts: Disturbances
  private readonly absences: Readonly<Record<Absence, Disturbances>>

  constructor(private readonly options: HostOptions) {
    const { workerClass, index, seed, version } = options
    const { name, slots, speed, spread, memoryGiB, latency, slowNetwork } = workerClass
    const workerId = `${name}-${index + 1}`
    const stream = (what: string): Rng => randomStream(seed, what, workerId)
    this.rng = stream('worker')
    const memoryBytes = memoryGiB * bytesPerGiB
    this.worker = { workerId, name: workerId, version, slots, deviceClass: name, threadsPerSlot: 1, memoryBytes }
    this.device = { deviceClass: name, speed: speed * Math.exp(spread * this.rng.normal()), memoryBytes }
    this.latencyMs = this.rng.chance(slowNetwork?.share ?? 0) ? (slowNetwork?.latency ?? latency) : latency
    this.cuts = new Disturbances(stream('cuts'), workerClass.cuts)
    const of = (absence: Absence): Disturbances => new Disturbances(stream(absence), workerClass[absence])
    this.absences = { lost: of('lost'), restarts: of('restarts'), preempted: of('preempted') }
  }

  get className(): string {
    return this.options.workerClass.name
  }

  start(): void {
    const { time, oracle, checkpoints, coordinator, coordinatorEndsAtMs, everyHeartbeat, observer } = this.options
    const { why, interval } = this.nextAbsence()
    const link = new NetworkLink({ time, coordinator, address: this.worker.workerId, latencyMs: this.latencyMs, cuts: this.cuts })
    this.process = new WorkerProcess({
      time,
      worker: this.worker,
      link,
      disk: this.disk,
      checkpoints,
      rng: this.rng,
      train: (lease) => oracle.train(lease, this.device),
      endsAtMs: () => Math.min(interval.startMs, coordinatorEndsAtMs()),
      everyHeartbeat,
      observer: {
        trainingBegan: (attempt, slot) => observer.trainingBegan(this, attempt, slot),
        trainingStopped: (attempt, slot) => observer.trainingStopped(this, attempt, slot),
      },
    })
    observer.workerUp(this)
    if (interval.startMs < Infinity) time.at(interval.startMs, () => this.leave(why, interval))
  }

  private nextAbsence(): { readonly why: Absence; readonly interval: Interval } {
    const nowMs = this.options.time.now()
    const next = absences.map((why) => ({ why, interval: this.absences[why].after(nowMs) }))
    return next.reduce((first, other) => (other.interval.startMs < first.interval.startMs ? other : first))
  }

  private leave(why: Absence, { startMs, endMs }: Interval): void {
    const gone = (): void => {
      this.process = null
      this.options.observer.workerDown(this, why)
      this.options.time.after(endMs - startMs, () => this.start())
    }
    if (why === 'preempted') return this.process?.drain('preempted', gone)
    // A machine that vanishes leaves its connections open, a process that dies does not.
    this.process?.kill(why === 'restarts')
    gone()
  }
}
