import type { FinalStatus, SearchStatus } from '../../shared/cluster/search-snapshot.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import type { FailureReason } from '../../shared/training/outcome.js'
import type { Job } from '../jobs/job.js'
import type { WarmStart } from '../warm-start/warm-start.js'

/** A candidate whose job has not ended. */
export interface PendingCandidate extends NetworkCost {
  readonly sequence: number
  readonly encoding: string
  /** The rung that it is being trained for. */
  readonly rung: number
}

/** Where a search stands when its run begins: new, or as the store has it. */
export interface StartingPoint {
  readonly status: SearchStatus
  readonly statusReason: string
  readonly ending: FinalStatus | null
  readonly elapsedMs: number
  readonly lastCandidate: number
  readonly lastJobId: number
  readonly lastTold: number
  readonly lostAttempts: Readonly<Partial<Record<FailureReason, number>>>
  readonly pending: readonly PendingCandidate[]
  /** What the search may take over once it is known which devices it runs on; null = nothing, or it has begun without it. */
  readonly warmStart: WarmStart | null
  /** Results that it has taken over. */
  readonly takenOver: number
  readonly jobs: readonly Job[]
}
