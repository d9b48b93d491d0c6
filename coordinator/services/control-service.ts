import type { Logger } from 'pino'
import type { Candidate } from '../../shared/cluster/candidate.js'
import { isFinal, type SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import type { Clock } from '../../shared/clock.js'
import { InvalidInputError, NotFoundError } from '../../shared/errors.js'
import { duration, remark, whole } from '../../shared/rpc/checked.js'
import type * as wire from '../../shared/rpc/gen/nasoa/v1/control.js'
import type { ControlServiceServer } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { streamHandler, unaryHandler, type CallContext, type CallObserver } from '../../shared/rpc/handler.js'
import { failureGroupToMessage, jobToMessage } from '../../shared/rpc/job-record-message.js'
import { wait } from '../../shared/rpc/retry.js'
import { candidateStatuses, candidateToMessage, snapshotToMessage, stopModes } from '../../shared/rpc/search-message.js'
import { workerToMessage } from '../../shared/rpc/worker-message.js'
import type { SearchRun } from '../run/search-run.js'
import type { CandidatePage, SearchStore, StoreReports } from '../store/store.js'
import type { Cordons } from '../workers/cordons.js'
import type { WorkerRegistry } from '../workers/worker-registry.js'
import { noAudit, type AuditTrail } from './audit-log.js'

export interface ControlServiceOptions {
  readonly run: SearchRun
  readonly snapshot: () => SearchSnapshot
  readonly store: Pick<SearchStore, 'candidates' | 'committed'> & StoreReports
  readonly workers: WorkerRegistry
  readonly cordons: Cordons
  readonly clock: Clock
  readonly logger: Logger
  readonly audit?: AuditTrail
}

/** So that a display's clock goes on while nothing happens. */
const longestSilenceMs = 1_000

/** ControlService on one search; the promises are in control.proto. */
export class ControlService {
  constructor(private readonly options: ControlServiceOptions) {}

  implementation(observe?: CallObserver): ControlServiceServer {
    const name = (method: string): string => `ControlService/${method}`
    return {
      getSearch: unaryHandler(name('GetSearch'), (): wire.GetSearchResponse => ({ search: this.snapshot() }), observe),
      watchSearch: streamHandler(name('WatchSearch'), (request, { signal }) => this.watchSearch(request, signal), observe),
      listCandidates: unaryHandler(name('ListCandidates'), (request) => this.listCandidates(request), observe),
      listWorkers: unaryHandler(name('ListWorkers'), () => this.listWorkers(), observe),
      listJobs: unaryHandler(name('ListJobs'), (request) => this.listJobs(request), observe),
      summarizeFailures: unaryHandler(name('SummarizeFailures'), () => ({ groups: this.options.store.failures().map(failureGroupToMessage) }), observe),
      cordonWorker: unaryHandler(name('CordonWorker'), (request, context) => this.cordonWorker(request, context), observe),
      stopSearch: unaryHandler(name('StopSearch'), (request, context) => this.stopSearch(request, context), observe),
    }
  }

  private snapshot(): wire.SearchSnapshot {
    return snapshotToMessage(this.options.snapshot())
  }

  private async *watchSearch(request: wire.WatchSearchRequest, signal: AbortSignal): AsyncGenerator<wire.WatchSearchResponse> {
    const intervalMs = Math.max(100, duration(request.intervalMs, 60_000, 'interval_ms') || 500)
    while (!signal.aborted) {
      const changed = this.nextChange(signal)
      const snapshot = this.options.snapshot()
      const isLast = isFinal(snapshot.status)
      // The last word is only given once it is in the store.
      if (isLast) await this.options.store.committed()
      yield { search: snapshotToMessage(snapshot) }
      if (isLast) return
      await wait(intervalMs, this.options.clock, signal)
      await changed
    }
  }

  private nextChange(signal: AbortSignal): Promise<void> {
    const { run, clock } = this.options
    return new Promise((resolve) => {
      const stopListening = run.onChange(finish)
      const timer = clock.after(longestSilenceMs, finish)
      signal.addEventListener('abort', finish, { once: true })
      function finish(): void {
        stopListening()
        timer.cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }

  private listCandidates(request: wire.ListCandidatesRequest): wire.ListCandidatesResponse {
    const limit = whole(request.pageSize, 0, 1_000, 'page_size') || 200
    const status = request.status === undefined ? null : candidateStatuses.toWord(request.status, 'status')
    const { candidates, more } = this.page({ afterSequence: request.afterSequence, limit, status })
    return { candidates: candidates.map(candidateToMessage), more }
  }

  private page(page: CandidatePage): { candidates: Candidate[]; more: boolean } {
    const found = this.options.store.candidates({ ...page, limit: page.limit + 1 })
    return { candidates: found.slice(0, page.limit), more: found.length > page.limit }
  }

  private listWorkers(): wire.ListWorkersResponse {
    const { run, workers } = this.options
    const busy = new Map<string, number>()
    for (const { state } of run.jobs.held()) busy.set(state.workerId, (busy.get(state.workerId) ?? 0) + 1)
    const statuses = workers.list().map(({ worker, address, draining, lastSeenMs }) => {
      return { ...worker, address, draining, lastSeenMs, cordoned: workers.cordonOf(worker.workerId), busySlots: busy.get(worker.workerId) ?? 0 }
    })
    return { workers: statuses.map(workerToMessage) }
  }

  private listJobs(request: wire.ListJobsRequest): wire.ListJobsResponse {
    const limit = request.pageSize === 0 ? 200 : whole(request.pageSize, 1, 1_000, 'page_size')
    const found = this.options.store.jobs({ afterId: request.afterId, limit: limit + 1, failed: request.failed })
    return { jobs: found.slice(0, limit).map(jobToMessage), more: found.length > limit }
  }

  private async cordonWorker(request: wire.CordonWorkerRequest, { identity, peer }: CallContext): Promise<wire.CordonWorkerResponse> {
    const { cordons, store, audit = noAudit } = this.options
    const workerId = this.workerNamed(request.worker)
    const reason = remark(request.reason, 200)
    audit.write({ action: 'CordonWorker', by: identity?.name ?? null, peer, workerId, cordoned: request.cordoned, reason })
    if (request.cordoned) cordons.cordon(workerId, reason || 'taken out of service by an operator')
    else cordons.uncordon(workerId)
    await store.committed()
    return { workerId }
  }

  /** @throws NotFoundError when it never registered, InvalidInputError when several have the name */
  private workerNamed(word: string): string {
    const known = this.options.store.workers()
    const named = known.some(({ workerId }) => workerId === word) ? [{ workerId: word }] : known.filter(({ name }) => name === word)
    if (named.length === 0) throw new NotFoundError(`no worker '${remark(word, 80)}' has registered for this search`)
    if (named.length > 1) throw new InvalidInputError(`${named.length} workers are named '${word}': use the id of one, ${named.map(({ workerId }) => workerId).join(' or ')}`)
    return named[0].workerId
  }

  private async stopSearch({ mode, reason }: wire.StopSearchRequest, { identity, peer }: CallContext): Promise<wire.StopSearchResponse> {
    const why = remark(reason, 200) || 'stopped by an operator'
    const { logger, run, store, audit = noAudit } = this.options
    const word = stopModes.toWord(mode, 'mode')
    logger.info({ by: identity?.name ?? null, peer, mode: word, reason: why }, 'stop of the search requested')
    run.stop(word, why)
    await store.committed()
    audit.write({ action: 'StopSearch', by: identity?.name ?? null, peer, mode: word, reason: why })
    return { search: this.snapshot() }
  }
}
