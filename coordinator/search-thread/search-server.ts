import { messageOf } from '../../shared/errors.js'
import type { Search } from '../search/search.js'
import type { SurrogateFitTask } from '../search/surrogate/surrogate.js'
import type { FitMade, SearchReport, SearchRequest } from './messages.js'

/** After a fit has failed, the next is tried once there are this many times the results. */
const patience = 1.1

/**
 * The thread's side of a search: answers requests in their order and has fits done elsewhere meanwhile. A fit comes into force
 * between two requests, and the state that goes out with the next proposals says so.
 */
export class SearchServer {
  private isFitting = false
  private withdrawn = 0
  private nextFitAt = 0

  /** @param told results that the search knows */
  constructor(
    private readonly search: Search,
    private told: number,
    private readonly fit: (task: SurrogateFitTask) => Promise<FitMade>,
    private readonly post: (report: SearchReport) => void,
  ) {
    this.fitIfDue()
  }

  receive(request: SearchRequest): void {
    switch (request.kind) {
      case 'ask':
        return this.ask(request.count)
      case 'tell':
        this.search.tell(request.observations)
        this.told += request.observations.length
        return this.fitIfDue()
      case 'withdraw':
        this.search.withdraw(request.keys)
        this.withdrawn += request.keys.length
    }
  }

  private ask(count: number): void {
    const proposals = this.search.ask(count)
    this.post({ kind: 'proposals', proposals, state: this.search.state(), told: this.told, withdrawn: this.withdrawn })
  }

  private fitIfDue(): void {
    if (this.isFitting || this.told < this.nextFitAt) return
    const task = this.search.fitDue?.() ?? null
    if (task === null) return
    this.isFitting = true
    this.fit(task).then(
      (made) => this.apply(made),
      (error: unknown) => this.fail(error),
    )
  }

  private apply({ fit, durationMs }: FitMade): void {
    this.isFitting = false
    this.search.applyFit?.(fit)
    this.post({ kind: 'fit', results: fit.results, durationMs })
    this.fitIfDue()
  }

  private fail(error: unknown): void {
    this.isFitting = false
    this.nextFitAt = Math.ceil(this.told * patience)
    this.post({ kind: 'fit_failed', message: messageOf(error) })
  }
}
