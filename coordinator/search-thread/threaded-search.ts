import { Worker } from 'node:worker_threads'
import { messageOf } from '../../shared/errors.js'
import { builtModule } from '../../shared/package-root.js'
import type { SearchHost } from '../run/search-host.js'
import type { LaggingState } from '../search/resume-search.js'
import type { Observation, Proposal, SearchHistory, SearchState } from '../search/search.js'
import type { SearchSpecification } from '../search/search-specification.js'
import type { ProposalsMade, SearchReport, SearchRequest, SearchThreadData } from './messages.js'

/** What happens to the thread of a search, for logs. */
export type SearchThreadEvent =
  | { readonly kind: 'fit'; readonly results: number; readonly durationMs: number }
  | { readonly kind: 'fit_failed' | 'restarted' | 'without_model' | 'lost'; readonly reason: string }

export interface ThreadedSearchOptions {
  readonly specification: SearchSpecification
  readonly history: SearchHistory
  readonly observe?: (event: SearchThreadEvent) => void
  /** Starts a thread; default: one that runs coordinator/search-thread/main. */
  readonly startThread?: (data: SearchThreadData) => Worker
}

interface Request {
  readonly count: number
  readonly deliver: (proposals: Proposal[]) => void
}

function startSearchThread(workerData: SearchThreadData): Worker {
  return new Worker(builtModule('coordinator/search-thread/main'), { workerData })
}

/**
 * A search in a thread of its own, so that neither proposals nor fits hold up the event loop. A thread that dies is started again
 * from what is known here; if it dies again before it has made a proposal, the search goes on without its model, as plain evolution,
 * and says so; and if that dies too, it is lost to this process.
 */
export class ThreadedSearch implements SearchHost {
  trouble: string | null = null
  private worker: Worker
  private stateBefore: SearchState
  /** Results that `stateBefore` includes. */
  private toldBefore: number
  private withdrawnSince: string[] = []
  /** Withdrawals the present thread has been told of that `stateBefore` includes; negative = it began with that many that were not in it. */
  private withdrawnBefore = 0
  private readonly observations: Observation[]
  private readonly pending: Map<string, Proposal>
  private readonly requests: Request[] = []
  private deathsInARow = 0
  private isModelled = true
  private isClosed = false
  private lost: string | null = null
  private tellOfLoss: (reason: string) => void = () => undefined

  constructor(private readonly options: ThreadedSearchOptions) {
    const { state, observations, pending } = options.history
    const { told = observations.length, withdrawnSince = [], ...rest } = state as LaggingState
    this.stateBefore = rest
    this.toldBefore = told
    this.withdrawnSince = [...withdrawnSince]
    this.observations = [...observations]
    this.pending = new Map(pending.map((proposal) => [proposal.key, proposal]))
    this.worker = this.start()
  }

  ask(count: number, deliver: (proposals: Proposal[]) => void): void {
    this.requests.push({ count, deliver })
    this.post({ kind: 'ask', count })
  }

  tell(observations: readonly Observation[]): void {
    for (const observation of observations) {
      this.observations.push(observation)
      this.pending.delete(observation.key)
    }
    this.post({ kind: 'tell', observations })
  }

  withdraw(keys: readonly string[]): void {
    for (const key of keys) this.pending.delete(key)
    this.withdrawnSince.push(...keys)
    this.post({ kind: 'withdraw', keys })
  }

  state(): LaggingState {
    return { ...this.stateBefore, told: this.toldBefore, withdrawnSince: [...this.withdrawnSince] }
  }

  onLost(listener: (reason: string) => void): void {
    this.tellOfLoss = listener
    if (this.lost !== null) listener(this.lost)
  }

  close(): void {
    this.isClosed = true
    void this.worker.terminate()
  }

  private start(): Worker {
    const { specification, startThread = startSearchThread } = this.options
    const history = { state: this.state(), observations: this.observations, pending: [...this.pending.values()] }
    const worker = startThread({ specification, history, isModelled: this.isModelled })
    this.withdrawnBefore = -this.withdrawnSince.length
    let reason = 'it ended by itself'
    worker.on('message', (report: SearchReport) => {
      if (worker === this.worker) this.receive(report)
    })
    worker.on('error', (error) => (reason = messageOf(error)))
    worker.on('exit', () => this.died(reason))
    // The process lives as long as what it serves does, not as long as its threads.
    worker.unref()
    return worker
  }

  private post(request: SearchRequest): void {
    if (this.lost === null) this.worker.postMessage(request)
  }

  private receive(report: SearchReport): void {
    switch (report.kind) {
      case 'proposals':
        return this.deliver(report)
      case 'fit':
        return this.options.observe?.(report)
      case 'fit_failed':
        return this.options.observe?.({ kind: 'fit_failed', reason: report.message })
    }
  }

  private deliver({ proposals, state, told, withdrawn }: ProposalsMade): void {
    if (this.isClosed) return
    this.deathsInARow = 0
    this.stateBefore = state
    this.toldBefore = told
    this.withdrawnSince.splice(0, withdrawn - this.withdrawnBefore)
    this.withdrawnBefore = withdrawn
    for (const proposal of proposals) this.pending.set(proposal.key, proposal)
    this.requests.shift()?.deliver(proposals)
  }

  private died(reason: string): void {
    if (this.isClosed) return
    this.deathsInARow++
    if (this.deathsInARow > 1 && !this.isModelled) return this.lose(reason)
    if (this.deathsInARow > 1) this.goOnWithoutModel(reason)
    else this.options.observe?.({ kind: 'restarted', reason })
    this.worker = this.start()
    for (const { count } of this.requests) this.post({ kind: 'ask', count })
  }

  private goOnWithoutModel(reason: string): void {
    this.isModelled = false
    this.trouble = `the model of the search failed twice (${reason}): it goes on as plain evolution; start the coordinator again to try the model again`
    this.options.observe?.({ kind: 'without_model', reason })
  }

  private lose(reason: string): void {
    this.lost = `the search's thread died three times (${reason}); its results are safe: start the coordinator again to go on`
    this.trouble = this.lost
    this.options.observe?.({ kind: 'lost', reason })
    this.tellOfLoss(this.lost)
  }
}
