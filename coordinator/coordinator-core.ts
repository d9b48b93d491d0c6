import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock, Timer } from '../shared/clock.js'
import type { SearchSnapshot } from '../shared/cluster/search-snapshot.js'
import type { SearchConfig } from '../shared/config/search-config.js'
import { ExchangeHandlers } from '../shared/rpc/exchange-handlers.js'
import { defaultJobPolicy, type JobPolicy } from './jobs/policy.js'
import { openSearch, type OpenedSearch } from './run/open-search.js'
import type { RunObserver } from './run/run-observer.js'
import type { HostSearch } from './run/search-host.js'
import { SearchRun } from './run/search-run.js'
import { snapshotOf } from './run/snapshot.js'
import type { ResolvedDataset } from './run/training-specification.js'
import type { AuditTrail } from './services/audit-log.js'
import { warmStartReport } from './warm-start/warm-start-report.js'
import { WorkerService } from './services/worker-service.js'
import type { Holder } from './jobs/job.js'
import type { JobLease } from '../shared/cluster/job-lease.js'
import type { KnownWorker, SearchStore } from './store/store.js'
import { Cordons } from './workers/cordons.js'
import { LeaseDesk } from './workers/lease-desk.js'
import { WorkerRegistry } from './workers/worker-registry.js'

/** Ways to run a task outside of the change that asks for it. */
export interface Turns {
  /** When the change at hand is complete, before anything else happens. */
  readonly soon: (task: () => void) => void
  /** When the answers of now are on their way. */
  readonly later: (task: () => void) => void
}

/** Later by a whole turn of the event loop: what a turn has written leaves this process at the beginning of the next one. */
export const eventLoopTurns: Turns = { soon: queueMicrotask, later: (task) => void setImmediate(() => setImmediate(task)) }

export interface CoreOptions {
  readonly config: SearchConfig
  readonly dataset: ResolvedDataset
  /** For messages. */
  readonly directory: string
  readonly store: SearchStore
  readonly clock: Clock
  readonly turns: Turns
  readonly logger: Logger
  readonly observer: RunObserver
  readonly newSessionId?: () => string
  /** Those that registered with earlier coordinators of this search. Default: none. */
  readonly workers?: readonly KnownWorker[]
  /** Where the search lives; default: in this thread. */
  readonly hostSearch?: HostSearch
}

/** For so many lease times a worker may be silent before it is taken off the list. */
const forgottenLeases = 2

/** For so many lease times a search waits for an operator when every worker is cordoned. */
const stuckLeases = 4

/**
 * A coordinator without sockets, metrics and files: the search's run, the workers that are known, the desk where their slots wait,
 * and the timer that lets time pass. Its clock and its turns are arguments, so that a simulator can be its world.
 */
export class CoordinatorCore {
  readonly opened: OpenedSearch
  readonly run: SearchRun
  readonly cordons: Cordons
  readonly workers: WorkerRegistry
  readonly desk: LeaseDesk
  private readonly policy: JobPolicy
  private readonly exchanges = new ExchangeHandlers()
  private timer: Timer | null = null
  private readonly startMs: number
  private isServing = false
  private isClosed = false
  private wakeMs = Infinity
  /** Since when every worker is cordoned and nothing runs. */
  private stuckSinceMs: number | null = null

  constructor(private readonly options: CoreOptions) {
    const { config, dataset, store, directory, clock, observer, turns, logger, newSessionId = randomUUID, hostSearch } = options
    this.policy = policyOf(config)
    this.startMs = clock.now()
    const { leaseTtlMs } = this.policy
    const hadFailed = store.search()?.status === 'failed'
    this.opened = openSearch({ config, dataset, store, directory, nowMs: clock.now(), leaseTtlMs, hostSearch })
    this.cordons = this.openCordons(hadFailed)
    this.workers = new WorkerRegistry(newSessionId, leaseTtlMs * forgottenLeases, this.cordons, clock.now(), config.jobs.requires)
    this.run = new SearchRun({ config, dataset, ...this.opened, store, policy: this.policy, clock, observer: this.observing(observer), later: turns.later })
    const { warmStart } = this.opened
    for (const each of warmStart === null ? [] : warmStartReport(warmStart, this.run.takenOver)) logger.info(each)
    this.desk = new LeaseDesk({
      clock,
      lease: (holder) => this.lease(holder),
      isOver: () => this.run.isOver,
      hasQueued: () => this.run.jobs.queued > 0,
    })
    this.run.onChange(() => this.wakeInTime())
  }

  /** What workers call. */
  workerService(audit?: AuditTrail): WorkerService {
    const { run, workers, desk, opened, policy, exchanges } = this
    const { config, store, clock, logger } = this.options
    return new WorkerService({ searchId: opened.id, searchName: config.name, run, store, workers, desk, clock, leaseTtlMs: policy.leaseTtlMs, logger, exchanges, ...(audit && { audit }) })
  }

  /** Lets time pass from now on. */
  start(): void {
    this.wakeInTime()
  }

  readonly snapshot = (): SearchSnapshot => {
    const { config, clock } = this.options
    return snapshotOf({ config, run: this.run, statistics: this.opened.statistics, climb: this.opened.climb, warmStart: this.opened.warmStart, workers: this.workers, nowMs: clock.now() })
  }

  /** No more timers, and nobody waits any more. */
  close(): void {
    this.isClosed = true
    this.timer?.cancel()
    this.desk.dismiss()
    this.exchanges.close()
    this.opened.search.close()
  }

  /** Arms the timer for what time brings about next, and lets waiting slots have what has become ready. */
  private wakeInTime(): void {
    if (this.isClosed) return
    const { clock } = this.options
    if (this.desk.waitingSlots > 0) this.serveSoon()
    // At least once a lease time, because workers fall silent without an event.
    const dueMs = Math.min(this.run.nextDueMs(), clock.now() + this.policy.leaseTtlMs)
    if (this.timer !== null && dueMs >= this.wakeMs) return
    this.timer?.cancel()
    this.wakeMs = dueMs
    this.timer = clock.after(Math.max(1, dueMs - clock.now()), () => this.wake())
  }

  /** Not within the change itself: a lease is a change too. */
  private serveSoon(): void {
    if (this.isServing) return
    this.isServing = true
    this.options.turns.soon(() => {
      this.isServing = false
      this.desk.serve()
    })
  }

  /** A cordoned worker ends what it has, and so does one that lacks a label since the config has changed. */
  private lease(holder: Holder): JobLease | null {
    if (!this.workers.mayBeGivenJobs(holder.workerId)) return this.run.leaseHeld(holder)
    const { workerId } = holder
    return this.run.lease({ ...holder, preferOthers: this.workers.hasOthers(workerId), memoryBytes: this.workers.memoryOf(workerId) })
  }

  private openCordons(hadFailed: boolean): Cordons {
    const { config, store, logger, turns, workers = [] } = this.options
    const stored = workers.flatMap(({ workerId, cordoned }) => (cordoned === null ? [] : [[workerId, cordoned] as const]))
    const onChange = (workerId: string, reason: string | null): void => {
      store.record({ kind: 'cordon', workerId, reason })
      logger.warn({ workerId, worker: this.workers.nameOf(workerId), reason }, reason === null ? 'worker in service again' : 'worker cordoned')
      // Not within the change of a job that led to it.
      turns.soon(() => this.run.prepareFor(this.workers.slots))
    }
    // A search that failed because of its workers, and is begun again, has had them mended.
    return new Cordons(hadFailed ? [] : stored, { limit: config.jobs.workerFailures, onChange })
  }

  private observing(observer: RunObserver): RunObserver {
    return {
      ...observer,
      jobChanged: (job, previous, ended) => {
        if (ended !== null) this.cordons.note(job.id, ended)
        observer.jobChanged?.(job, previous, ended)
      },
    }
  }

  /** Nobody is left who could take a job; waiting for an operator has an end. */
  private failWithoutWorkers(nowMs: number): void {
    const { run, workers } = this
    if (run.isOver || !workers.areAllCordoned || run.jobs.held().length > 0) this.stuckSinceMs = null
    else this.stuckSinceMs ??= nowMs
    if (this.stuckSinceMs === null || nowMs - this.stuckSinceMs < stuckLeases * this.policy.leaseTtlMs) return
    const [{ worker }] = workers.list().filter(({ lacks }) => lacks.length === 0)
    run.fail(`every worker is cordoned, ${worker.name} because ${workers.cordonOf(worker.workerId) ?? ''}; mend them and begin the search again: it goes on where it is`)
  }

  private wake(): void {
    this.timer = null
    const nowMs = this.options.clock.now()
    // Whoever could not be heard because this process stood still is given the time to be.
    const lateMs = nowMs - this.wakeMs
    if (lateMs > this.policy.leaseTtlMs / 3) this.run.prolongLeases(lateMs)
    this.failWithoutWorkers(nowMs)
    for (const { worker } of this.workers.forgetSilent(nowMs)) {
      this.options.logger.warn({ worker: worker.name, workerId: worker.workerId }, 'worker lost: no word from it')
    }
    this.run.prepareFor(this.workers.slots)
    // By then every worker that an earlier coordinator knew has registered with this one.
    if (nowMs - this.startMs >= forgottenLeases * this.policy.leaseTtlMs) this.run.giveUpLarger(this.workers.largestMemoryBytes)
    this.run.tick()
    this.wakeInTime()
  }
}

function policyOf({ jobs }: SearchConfig): JobPolicy {
  return {
    ...defaultJobPolicy,
    leaseTtlMs: jobs.leaseTime,
    maximumFailures: jobs.attempts,
    maximumKills: jobs.kills,
    queueLimitMs: jobs.queueLimit ?? null,
    attemptLimitMs: jobs.attemptLimit ?? null,
    overallLimitMs: jobs.overallLimit ?? null,
  }
}
