import type { Logger } from 'pino'
import { systemClock, type Clock } from '../shared/clock.js'
import { isFinal, type SearchSnapshot, type StopMode } from '../shared/cluster/search-snapshot.js'
import type { SearchConfig } from '../shared/config/search-config.js'
import { StaleTokenError, messageOf } from '../shared/errors.js'
import { silentLogger } from '../shared/logging.js'
import type { DenialObserver } from '../shared/security/access-interceptor.js'
import type { AuthorityFolder } from '../shared/security/authority-folder.js'
import { peerName } from '../shared/security/peer.js'
import { RevokedSerials } from '../shared/security/revoked-serials.js'
import type { TlsMaterial } from '../shared/security/tls-material.js'
import type { WatchedTls } from '../shared/security/watched-tls.js'
import { CoordinatorCore, eventLoopTurns } from './coordinator-core.js'
import { StatusServer } from './http/status-server.js'
import type { CommitObserver } from './metrics/commits.js'
import { CoordinatorMetrics } from './metrics/coordinator-metrics.js'
import type { RunObserver } from './run/run-observer.js'
import type { SearchRun } from './run/search-run.js'
import type { ResolvedDataset } from './run/training-specification.js'
import { hostOnDemand } from './search-thread/host-search.js'
import { AuditLog } from './services/audit-log.js'
import { ControlService } from './services/control-service.js'
import { GrpcServer, type GrpcServices } from './services/grpc-server.js'
import { JoinService } from './services/join-service.js'
import { RenewalService } from './services/renewal-service.js'
import { openSqliteStore } from './store/sqlite-store.js'
import type { SearchStore, StoreReports } from './store/store.js'

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
  /** Certificate and key of this coordinator, and the authority of its peers; null = no TLS. */
  readonly tls?: TlsMaterial | null | undefined
  /** Instead of `tls`: files that may be replaced while it serves. */
  readonly watchedTls?: WatchedTls | undefined
  /** Revocation list of the authority, read again whenever it changes; it need not be there. undefined = none. Only with TLS. */
  readonly revocationList?: string | undefined
  /** With it, machines get a worker's certificate for a join token. Only with TLS. */
  readonly authority?: AuthorityFolder | null | undefined
  /** Epoch of the leadership that it was started under; what an older leader still writes is refused. undefined = there are no elections. */
  readonly leaderEpoch?: number | undefined
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
  /** Resolves when another coordinator has taken over the search; this one can change nothing any more and is to be closed. */
  readonly deposed: Promise<void>
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
  const health = new CommitHealth(metrics.observeCommit, options.logger ?? silentLogger)
  const clock = options.clock ?? systemClock
  let store: SearchStore & StoreReports | null = null
  try {
    store = openSqliteStore(options.directory, { clock, observeCommit: health.observe, leaderEpoch: options.leaderEpoch })
    return await new Coordinator(options, store, clock, metrics, health).listen()
  } catch (error) {
    metrics.close()
    store?.close()
    throw error
  }
}

/** Whether the store could be written last time. */
class CommitHealth {
  /** null = it could. */
  trouble: string | null = null

  readonly deposed: Promise<void>
  private depose: () => void = () => undefined

  constructor(
    private readonly next: CommitObserver,
    private readonly logger: Logger,
  ) {
    this.deposed = new Promise((resolve) => (this.depose = resolve))
  }

  readonly observe: CommitObserver = (changes, durationMs, error) => {
    this.tellChange(error)
    this.trouble = error === null ? null : error.message
    if (error?.cause instanceof StaleTokenError) this.depose()
    this.next(changes, durationMs, error)
  }

  private tellChange(error: Error | null): void {
    if (error?.cause instanceof StaleTokenError) return
    if (error !== null && this.trouble === null) this.logger.error({ error: error.message }, 'the store cannot be written; nothing is confirmed to workers until it can')
    if (error === null && this.trouble !== null) this.logger.info('the store can be written again')
  }
}

class Coordinator implements RunningCoordinator {
  address = ''
  metricsAddress: string | null = null
  readonly finished: Promise<SearchSnapshot>
  readonly deposed: Promise<void>
  private readonly logger: Logger
  private readonly core: CoordinatorCore
  private readonly run: SearchRun
  private readonly audit: AuditLog
  private readonly servers: { close(): Promise<void> }[] = []
  private closing: Promise<void> | null = null

  constructor(
    private readonly options: CoordinatorOptions,
    private readonly store: SearchStore & StoreReports,
    private readonly clock: Clock,
    private readonly metrics: CoordinatorMetrics,
    private readonly health: CommitHealth,
  ) {
    const { config, dataset, directory } = options
    this.logger = options.logger ?? silentLogger
    const { logger } = this
    this.audit = new AuditLog({ directory, clock, logger })
    const hostSearch = hostOnDemand(logger)
    this.core = new CoordinatorCore({ config, dataset, directory, store, clock, turns: eventLoopTurns, logger, observer: this.observer(), workers: store.workers(), hostSearch })
    const { run, workers, desk, opened } = this.core
    this.run = run
    metrics.read({ run, statistics: opened.statistics, climb: opened.climb, workers, desk })
    this.finished = this.whenFinished()
    this.deposed = health.deposed
  }

  async listen(): Promise<this> {
    const { config, listen, metrics, insecure = false, watchedTls } = this.options
    const tls = watchedTls?.current ?? this.options.tls ?? null
    const { run, core, clock, logger } = this
    try {
      const revoked = await this.openRevocationList(tls)
      if (tls !== null) this.metrics.readCertificates(() => watchedTls?.current ?? tls)
      const onDenied: DenialObserver = (action, call, reason) =>
        this.audit.denied({ action, by: peerName(call), peer: call.getPeer() }, reason)
      const grpc = await GrpcServer.listen(this.services(), { listen: listen ?? config.coordinator.listen, insecure, tls, watchedTls, revoked, onDenied, clock })
      this.servers.push(grpc)
      this.address = grpc.address
      await this.listenForStatus(metrics === undefined ? (config.coordinator.metrics ?? null) : metrics, insecure)
    } catch (error) {
      await this.closeServers()
      core.close()
      throw error
    }
    core.start()
    const { status, trained } = this.snapshot()
    logger.info({ address: this.address, metricsAddress: this.metricsAddress, search: config.name, status, trained, open: run.jobs.states() }, 'serving')
    return this
  }

  private services(): GrpcServices {
    const { core, run, store, clock, logger, audit, snapshot, options } = this
    const observe = this.metrics.observeCall
    const certificates = { authority: options.authority ?? null, clock, logger, audit }
    return {
      worker: core.workerService(audit).implementation(observe),
      control: new ControlService({ run, store, workers: core.workers, cordons: core.cordons, clock, logger, audit, snapshot }).implementation(observe),
      join: new JoinService(certificates).implementation(observe),
      renewal: new RenewalService(certificates).implementation(observe),
    }
  }

  private async openRevocationList(tls: TlsMaterial | null): Promise<RevokedSerials | null> {
    const { revocationList: file } = this.options
    if (tls === null || file === undefined) return null
    const report = (trouble: string): void => this.logger.error({ trouble }, 'the revocation list cannot be read; the last one stays in force')
    const revoked = await RevokedSerials.open({ file, authorityCertificate: tls.ca.toString(), clock: this.clock, report })
    this.servers.push({ close: () => Promise.resolve(revoked.close()) })
    return revoked
  }

  readonly snapshot = (): SearchSnapshot => this.core.snapshot()

  async stopSearch(mode: StopMode, reason: string): Promise<void> {
    this.run.stop(mode, reason)
    await this.store.committed()
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  private async shutDown(): Promise<void> {
    this.core.close()
    await this.closeServers()
    this.metrics.close()
    this.closeStore()
    this.audit.flush()
    this.logger.info('closed')
  }

  /** What cannot be written any more was promised to nobody. */
  private closeStore(): void {
    try {
      this.store.close()
    } catch (error) {
      this.logger.error({ error: messageOf(error) }, 'the last changes are not in the store')
    }
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
}
