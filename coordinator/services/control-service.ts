import type { Logger } from 'pino'
import type { Candidate } from '../../shared/cluster/candidate.js'
import { isFinal, type SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import type { Clock } from '../../shared/clock.js'
import { duration, remark, whole } from '../../shared/rpc/checked.js'
import type * as wire from '../../shared/rpc/gen/nasoa/v1/control.js'
import type { ControlServiceServer } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { streamHandler, unaryHandler, type CallContext, type CallObserver } from '../../shared/rpc/handler.js'
import { wait } from '../../shared/rpc/retry.js'
import { candidateStatuses, candidateToMessage, snapshotToMessage, stopModes } from '../../shared/rpc/search-message.js'
import { workerToMessage } from '../../shared/rpc/worker-message.js'
import type { SearchRun } from '../run/search-run.js'
import type { CandidatePage, SearchStore } from '../store/store.js'
import type { WorkerRegistry } from '../workers/worker-registry.js'
import { noAudit, type AuditTrail } from './audit-log.js'

export interface ControlServiceOptions {
  readonly run: SearchRun
  readonly snapshot: () => SearchSnapshot
  readonly store: Pick<SearchStore, 'candidates' | 'committed'>
  readonly workers: WorkerRegistry
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
      return { ...worker, address, draining, lastSeenMs, busySlots: busy.get(worker.workerId) ?? 0 }
    })
    return { workers: statuses.map(workerToMessage) }
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
