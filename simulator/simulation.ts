import type { RunObserver } from '../coordinator/run/run-observer.js'
import { isHeld, isQueued, type Job } from '../coordinator/jobs/job.js'
import { isFinal } from '../shared/cluster/search-snapshot.js'
import type { AttemptReference } from '../shared/cluster/attempt.js'
import { programVersion } from '../shared/version.js'
import { Disturbances } from './disturbances.js'
import { countImages } from './image-counts.js'
import { MemoryStore } from './memory-store.js'
import { randomStream } from './random-stream.js'
import { SharedCheckpoints } from './shared-checkpoints.js'
import { SimulatedCoordinator } from './simulated-coordinator.js'
import { SimulatedHost, type Absence, type HostObserver } from './simulated-host.js'
import type { SimulationConfig } from './simulation-config.js'
import type { SimulationEvent } from './simulation-event.js'
import { digestOf, reportOf, type SimulationReport } from './simulation-report.js'
import { SlotLedger } from './slot-ledger.js'
import { TrainingOracle } from './training-oracle.js'
import { VirtualTime } from './virtual-time.js'

export interface SimulationOptions {
  readonly config: SimulationConfig
  /** Resolves when all that was about to happen in this thread has happened: a turn of the event loop. */
  readonly quiet: () => Promise<void>
  readonly log?: (event: SimulationEvent) => void
  /** Simulates also the heartbeats that change nothing: the same comes of it, later. Default false. */
  readonly everyHeartbeat?: boolean
}

/** How far a simulation is. */
export interface SimulationProgress {
  readonly virtualMs: number
  readonly endsAtMs: number
  readonly candidates: number
  readonly busySlots: number
  readonly aliveSlots: number
  readonly events: number
}

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never

/** A search on a simulated cluster. Equal configs give equal simulations, event for event. */
export class Simulation {
  private readonly time = new VirtualTime()
  private readonly store = new MemoryStore()
  private readonly ledger = new SlotLedger()
  private readonly absences: Record<Absence, number> = { lost: 0, restarts: 0, preempted: 0 }
  private readonly hosts = new Map<string, SimulatedHost>()
  private readonly coordinator: SimulatedCoordinator
  private readonly endsAtMs: number
  private events = 0
  private isEnded = false

  constructor(private readonly options: SimulationOptions) {
    const { config, quiet } = options
    const { simulation, seed } = config
    this.endsAtMs = simulation.duration
    const { classes } = countImages(simulation.images, config.data)
    const restarts = new Disturbances(randomStream(seed, 'coordinator'), simulation.coordinator.restarts)
    this.coordinator = new SimulatedCoordinator({ config, classes, time: this.time, store: this.store, restarts, observer: this.runObserver(), quiet })
    this.addHosts(new TrainingOracle(seed, simulation))
  }

  /** Lets up to so many events happen. @returns whether the simulation has ended */
  async advance(events: number): Promise<boolean> {
    for (let left = events; left > 0 && !this.isEnded; left--) {
      if (!this.time.step(this.endsAtMs)) this.time.passTo(this.endsAtMs)
      else this.events++
      if (this.coordinator.isBusy) await this.coordinator.settled()
      if (this.time.now() >= this.endsAtMs || isFinal(this.coordinator.core.run.status)) this.end()
    }
    return this.isEnded
  }

  get progress(): SimulationProgress {
    const { trained } = this.coordinator.core.opened.statistics
    const { busySlots, aliveSlots } = this.ledger
    return { virtualMs: this.time.now(), endsAtMs: this.endsAtMs, candidates: trained, busySlots, aliveSlots, events: this.events }
  }

  /** What is known now. */
  report(): SimulationReport {
    const { config } = this.options
    const times = this.ledger.timesAt(this.time.now(), (attempt) => this.stillRuns(attempt))
    const { core } = this.coordinator
    const { store, events, absences } = this
    const virtualMs = this.time.now()
    const digest = digestOf({ virtualMs, store, times: [...times], absences })
    return reportOf({ config, times, snapshot: core.snapshot(), virtualMs, absences, events, digest })
  }

  private addHosts(oracle: TrainingOracle): void {
    const { seed, simulation } = this.options.config
    const { time, coordinator } = this
    const checkpoints = simulation.artifacts ? new SharedCheckpoints() : null
    for (const workerClass of simulation.workers) {
      for (let index = 0; index < workerClass.count; index++) {
        const host = new SimulatedHost({
          time,
          seed,
          workerClass,
          index,
          version: programVersion(),
          oracle,
          checkpoints,
          coordinator: () => coordinator.calls,
          coordinatorEndsAtMs: () => coordinator.endsAtMs,
          everyHeartbeat: this.options.everyHeartbeat ?? false,
          observer: this.hostObserver(),
        })
        this.hosts.set(host.worker.workerId, host)
        host.start()
      }
    }
  }

  private hostObserver(): HostObserver {
    return {
      workerUp: ({ worker: { workerId, slots }, className }) => {
        this.ledger.workerUp(workerId, className, slots, this.time.now())
        this.log({ kind: 'worker_up', worker: workerId, class: className, slots })
      },
      workerDown: ({ worker: { workerId } }, why) => {
        this.absences[why]++
        this.ledger.workerDown(workerId, this.time.now())
        this.log({ kind: 'worker_down', worker: workerId, why })
      },
      trainingBegan: ({ worker: { workerId }, className }, { jobId, token }, slot) => {
        this.ledger.trainingBegan({ jobId, token }, className, this.time.now())
        this.log({ kind: 'training_began', worker: workerId, slot, jobId, token })
      },
      trainingStopped: ({ worker: { workerId } }, { jobId, token }, slot) => {
        this.ledger.trainingStopped({ jobId, token }, this.time.now())
        this.log({ kind: 'training_stopped', worker: workerId, slot, jobId, token })
      },
    }
  }

  private runObserver(): RunObserver {
    return {
      jobChanged: (job, previous, ended) => {
        if (ended) {
          const { token, outcome } = ended
          if (outcome.kind !== 'failed' && outcome.kind !== 'cancelled') this.ledger.attemptFinished({ jobId: job.id, token })
          this.log({ kind: 'attempt_ended', jobId: job.id, token, outcome: outcome.kind, message: outcome.kind === 'succeeded' ? '' : outcome.message })
        }
        if (isHeld(previous) && concernsHolder(job, previous)) this.hosts.get(previous.state.workerId)?.process?.hasten()
      },
      candidateEnded: (encoding, outcome) => this.log({ kind: 'candidate_ended', encoding, outcome: outcome.kind }),
    }
  }

  /** Whether the coordinator waits for the outcome of this attempt. */
  private stillRuns({ jobId, token }: AttemptReference): boolean {
    const job = this.coordinator.core.run.jobs.get(jobId)
    if (job === undefined || job.attempt !== token) return false
    return isHeld(job) || (isQueued(job) && job.state.silentHolder !== null)
  }

  private end(): void {
    this.isEnded = true
    for (const { id, attempt } of this.store.openJobs(0)) {
      if (this.stillRuns({ jobId: id, token: attempt })) this.log({ kind: 'still_running', jobId: id, token: attempt })
    }
    this.log({ kind: 'end' })
  }

  private log(event: WithoutTime<SimulationEvent>): void {
    this.options.log?.({ atMs: this.time.now(), ...event })
  }
}

/** Whether a change is news to whoever held the job. */
function concernsHolder(job: Job, previous: Job): boolean {
  if (!isHeld(job) || !isHeld(previous)) return true
  return job.attempt !== previous.attempt || job.state.cancelling !== previous.state.cancelling
}
