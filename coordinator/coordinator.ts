import type { Logger } from 'pino'
import { systemClock, type Clock, type Timer } from '../shared/clock.js'
import { isFinal, type SearchSnapshot, type StopMode } from '../shared/cluster/search-snapshot.js'
import type { SearchConfig } from '../shared/config/search-config.js'
import { silentLogger } from '../shared/logging.js'
import { StatusServer } from './http/status-server.js'
import { defaultJobPolicy, type JobPolicy } from './jobs/policy.js'
import type { CommitObserver } from './metrics/commits.js'
import { CoordinatorMetrics } from './metrics/coordinator-metrics.js'
import { openSearch, type OpenedSearch } from './run/open-search.js'
import { SearchRun, type RunObserver } from './run/search-run.js'
import { snapshotOf } from './run/snapshot.js'
import type { ResolvedDataset } from './run/training-specification.js'
import { ControlService } from './services/control-service.js'
import { GrpcServer } from './services/grpc-server.js'
import { WorkerService, newSessionId } from './services/worker-service.js'
import { openSqliteStore } from './store/sqlite-store.js'
import type { SearchStore } from './store/store.js'
import { LeaseDesk } from './workers/lease-desk.js'
import { WorkerRegistry } from './workers/worker-registry.js'

/** What a coordinator is started with. */
export interface CoordinatorOptions {
  readonly config: SearchConfig
  /** Folder of the search: holds search.db. A search found there is continued; its config must be the same in what results depend on. */
  readonly directory: string
  /** What the data folder resolves to. */
  readonly dataset: ResolvedDataset
  /** host:port of the gRPC services; port 0 = any free one. Default: the config's. */
  readonly listen?: string | undefined
  /** host:port of /metrics and /healthz; null = none. Default: the config's. */
  readonly metrics?: string | null | undefined
  /** Allows an address that is not loopback without TLS. Default false. */
  readonly insecure?: boolean | undefined
  readonly clock?: Clock | undefined
  readonly logger?: Logger | undefined
}

/** A coordinator that serves. */
export interface RunningCoordinator {
  /** host:port that workers and control clients connect to. */
  readonly address: string
  /** host:port of /metrics and /healthz; null = none. */
  readonly metricsAddress: string | null
  readonly snapshot: () => SearchSnapshot
  /** Resolves with the last snapshot once the search's status is final and stored. */
  readonly finished: Promise<SearchSnapshot>
  /** Ends the search for good, see StopSearch of ControlService. */
  stopSearch(mode: StopMode, reason: string): Promise<void>
  /** Ends the process's part: the search stays as it is in the store and can be continued. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens (or goes on with) the search of a folder and serves it.
 * @throws UnavailableError when another coordinator has the folder, InvalidInputError for another search's folder,
 * EnvironmentError when a port is taken
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const metrics = new CoordinatorMetrics()
  const health = new CommitHealth(metrics.observeCommit)
  const clock = options.clock ?? systemClock
  let store: SearchStore | null = null
  try {
    store = openSqliteStore(options.directory, { clock, observeCommit: health.observe })
    return await new Coordinator(options, store, clock, metrics, health).listen()
  } catch (error) {
    store?.close()
    metrics.close()
    throw error
  }
}

/** Whether the store could be written last time. */
class CommitHealth {
  /** null = it could. */
  trouble: string | null = null

  constructor(private readonly next: CommitObserver) {}

  readonly observe: CommitObserver = (changes, durationMs, error) => {
    this.trouble = error === null ? null : error.message
    this.next(changes, durationMs, error)
  }
}

class Coordinator implements RunningCoordinator {
  address = ''
  metricsAddress: string | null = null
  readonly finished: Promise<SearchSnapshot>
  private readonly logger: Logger
  private readonly opened: OpenedSearch
  private readonly run: SearchRun
  private readonly workers: WorkerRegistry
  private readonly desk: LeaseDesk
  private readonly servers: { close(): Promise<void> }[] = []
  private readonly policy: JobPolicy
  private timer: Timer | null = null
  private serving = false
  private wakeMs = Infinity
  private closing: Promise<void> | null = null

  constructor(
    private readonly options: CoordinatorOptions,
    private readonly store: SearchStore,
    private readonly clock: Clock,
    private readonly metrics: CoordinatorMetrics,
    private readonly health: CommitHealth,
  ) {
    const { config, dataset, directory } = options
    this.logger = options.logger ?? silentLogger
    this.policy = { ...defaultJobPolicy, leaseTtlMs: config.jobs.leaseTime, maximumFailures: config.jobs.attempts }
    const { leaseTtlMs } = this.policy
    this.opened = openSearch({ config, dataset, store, directory, nowMs: clock.now(), leaseTtlMs })
    this.workers = new WorkerRegistry(newSessionId, leaseTtlMs * 2)
    this.run = new SearchRun({ config, dataset, ...this.opened, store, policy: this.policy, clock, observer: this.observer(), later: (task) => void setImmediate(task) })
    this.desk = new LeaseDesk({
      clock,
      lease: (holder) => this.run.lease(holder, this.workers.hasOthers(holder.workerId)),
      isOver: () => this.run.isOver,
      hasQueued: () => this.run.jobs.queued > 0,
    })
    metrics.read({ run: this.run, statistics: this.opened.statistics, workers: this.workers, desk: this.desk })
    this.finished = this.whenFinished()
    this.run.onChange(() => this.wakeInTime())
  }

  async listen(): Promise<this> {
    const { config, listen, metrics, insecure = false } = this.options
    const { run, store, workers, desk, clock, logger } = this
    const { leaseTtlMs } = this.policy
    const services = {
      worker: new WorkerService({ searchId: this.opened.id, searchName: config.name, run, store, workers, desk, clock, leaseTtlMs, logger }).implementation(this.metrics.observeCall),
      control: new ControlService({ run, store, workers, clock, logger, snapshot: () => this.snapshot() }).implementation(this.metrics.observeCall),
    }
    try {
      const grpc = await GrpcServer.listen(services, listen ?? config.coordinator.listen, insecure)
      this.servers.push(grpc)
      this.address = grpc.address
      await this.listenForStatus(metrics === undefined ? (config.coordinator.metrics ?? null) : metrics, insecure)
    } catch (error) {
      await this.closeServers()
      throw error
    }
    this.wakeInTime()
    const { status, trained } = this.snapshot()
    logger.info({ address: this.address, metricsAddress: this.metricsAddress, search: config.name, status, trained, open: run.jobs.states() }, 'serving')
    return this
  }

  readonly snapshot = (): SearchSnapshot => {
    const { statistics } = this.opened
    return snapshotOf({ config: this.options.config, run: this.run, statistics, workers: this.workers, nowMs: this.clock.now() })
  }

  async stopSearch(mode: StopMode, reason: string): Promise<void> {
    this.run.stop(mode, reason)
    await this.store.committed()
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  private async shutDown(): Promise<void> {
    this.timer?.cancel()
    this.desk.dismiss()
    await this.closeServers()
    this.metrics.close()
    this.store.close()
    this.logger.info('closed')
  }

  private async closeServers(): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.close()))
  }

  private async listenForStatus(listen: string | null, insecure: boolean): Promise<void> {
    if (listen === null) return
    const status = await StatusServer.listen({ registry: this.metrics.registry, trouble: () => this.health.trouble }, listen, insecure)
    this.servers.push(status)
    this.metricsAddress = status.address
  }

  private observer(): RunObserver {
    return {
      ...this.metrics.observeRun,
      statusChanged: (status, reason) => this.logger.info({ status, reason }, 'status of the search'),
    }
  }

  private whenFinished(): Promise<SearchSnapshot> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isFinal(this.run.status)) return
        stopLooking()
        void this.untilCommitted().then(() => resolve(this.snapshot()))
      }
      const stopLooking = this.run.onChange(look)
      look()
    })
  }

  /** A full disk is waited out: the store tries again by itself. */
  private async untilCommitted(): Promise<void> {
    for (;;) {
      try {
        return await this.store.committed()
      } catch (error) {
        if (this.closing) return
        this.logger.error({ error: String(error) }, 'the last results are not in the store yet')
      }
    }
  }

  /** Arms the timer for what time brings about next, and lets waiting slots have what has become ready. */
  private wakeInTime(): void {
    if (this.closing) return
    if (this.desk.waitingSlots > 0) this.serveSoon()
    // At least once a lease time, because workers fall silent without an event.
    const dueMs = Math.min(this.run.nextDueMs(), this.clock.now() + this.policy.leaseTtlMs)
    if (this.timer !== null && dueMs >= this.wakeMs) return
    this.timer?.cancel()
    this.wakeMs = dueMs
    this.timer = this.clock.after(Math.max(1, dueMs - this.clock.now()), () => this.wake())
  }

  /** Not within the change itself: a lease is a change too. */
  private serveSoon(): void {
    if (this.serving) return
    this.serving = true
    queueMicrotask(() => {
      this.serving = false
      this.desk.serve()
    })
  }

  private wake(): void {
    this.timer = null
    for (const { worker } of this.workers.forgetSilent(this.clock.now())) {
      this.logger.warn({ worker: worker.name, workerId: worker.workerId }, 'worker lost: no word from it')
    }
    this.run.prepareFor(this.workers.slots)
    this.run.tick()
    this.wakeInTime()
  }
}
