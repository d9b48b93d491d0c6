import type { Clock } from '../../shared/clock.js'
import { isFinal, type FinalStatus, type SearchStatus } from '../../shared/cluster/search-snapshot.js'
import type { StartingPoint } from './starting-point.js'

/** Told of each change of the status, after it. */
export type StatusObserver = (status: SearchStatus, ending: FinalStatus | null, reason: string) => void

/** Where a search stands on its way `running` -> `stopping` -> final, and how long it has been searching. */
export class RunStatus {
  /** When what still runs is to be cancelled; Infinity = it is waited for. */
  cancelAtMs = Infinity
  private current: SearchStatus
  private why: string
  private ending: FinalStatus | null
  private readonly startedAtMs: number
  private endedAtMs: number | null = null

  constructor(
    private readonly start: Pick<StartingPoint, 'status' | 'statusReason' | 'ending' | 'elapsedMs'>,
    private readonly clock: Clock,
    drainTimeMs: number,
    private readonly observe: StatusObserver,
  ) {
    this.startedAtMs = clock.now()
    this.current = start.status
    this.why = start.statusReason
    this.ending = start.ending
    if (this.current === 'stopping') this.cancelAtMs = this.startedAtMs + drainTimeMs
    if (isFinal(this.current)) this.endedAtMs = this.startedAtMs
  }

  get status(): SearchStatus {
    return this.current
  }

  get reason(): string {
    return this.why
  }

  /** Time spent searching, all runs together. */
  get elapsedMs(): number {
    return this.start.elapsedMs + (this.endedAtMs ?? this.clock.now()) - this.startedAtMs
  }

  get isRunning(): boolean {
    return this.current === 'running'
  }

  /** No new jobs from now on. @param ending the status once nothing runs any more */
  beginStopping(ending: FinalStatus, reason: string, cancelAtMs: number): void {
    this.ending = ending
    this.cancelAtMs = cancelAtMs
    this.set('stopping', reason)
  }

  finish(): void {
    this.endedAtMs = this.clock.now()
    this.set(this.ending ?? 'stopped', this.why)
  }

  private set(status: SearchStatus, reason: string): void {
    this.current = status
    this.why = reason
    this.observe(status, this.ending, reason)
  }
}
