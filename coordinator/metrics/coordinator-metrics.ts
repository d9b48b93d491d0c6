import { Registry } from 'prom-client'
import type { CallObserver } from '../../shared/rpc/handler.js'
import type { TlsMaterial } from '../../shared/security/tls-material.js'
import type { Climb } from '../run/climb.js'
import type { RunObserver } from '../run/run-observer.js'
import type { SearchRun } from '../run/search-run.js'
import type { SearchStatistics } from '../run/statistics.js'
import type { LeaseDesk } from '../workers/lease-desk.js'
import type { WorkerRegistry } from '../workers/worker-registry.js'
import { registerAttemptMetrics } from './attempts.js'
import { registerCallMetrics } from './calls.js'
import { registerCandidateMetrics } from './candidates.js'
import { registerCertificateMetrics } from './certificates.js'
import { registerCommitMetrics, type CommitObserver } from './commits.js'
import { registerEventLoopMetrics } from './event-loop.js'
import { registerFrontMetrics } from './front.js'
import { registerJobMetrics } from './jobs.js'
import { registerProcessMetrics } from './process.js'
import { registerRefusedMetrics } from './refused.js'
import { registerRungMetrics } from './rungs.js'
import { registerWorkerMetrics } from './workers.js'

export interface MetricSources {
  readonly run: SearchRun
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly workers: WorkerRegistry
  readonly desk: LeaseDesk
}

/** All metrics of one coordinator, on a registry of its own: two coordinators of one process do not mix. */
export class CoordinatorMetrics {
  readonly registry = new Registry()
  readonly observeRun: Pick<RunObserver, 'jobChanged' | 'candidateEnded'> = {
    ...registerAttemptMetrics(this.registry),
    ...registerCandidateMetrics(this.registry),
  }
  readonly observeCall: CallObserver = registerCallMetrics(this.registry)
  readonly observeCommit: CommitObserver = registerCommitMetrics(this.registry)
  private readonly endLag = registerEventLoopMetrics(this.registry)

  /** Adds what is read at scrape time. */
  read({ run, statistics, climb, workers, desk }: MetricSources): void {
    registerProcessMetrics(this.registry)
    registerFrontMetrics(this.registry, () => statistics)
    registerRungMetrics(this.registry, () => climb)
    registerRefusedMetrics(this.registry, () => run.admission)
    registerJobMetrics(this.registry, () => run.jobs)
    registerWorkerMetrics(this.registry, () => {
      const { leased, running } = run.jobs.states()
      return { workers: workers.list().length, slots: workers.slots, busySlots: leased + running, waitingSlots: desk.waitingSlots }
    })
  }

  /** Only with TLS. */
  readCertificates(material: () => TlsMaterial): void {
    registerCertificateMetrics(this.registry, material)
  }

  close(): void {
    this.endLag()
  }
}
