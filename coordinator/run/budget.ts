import { formatDuration } from '../../shared/config/duration.js'

/** What a search may spend. */
export interface Budget {
  readonly candidates: number
  /** null = none. */
  readonly timeLimitMs: number | null
}

/** How many more candidates may be proposed. @param pending those without a result yet */
export function candidatesLeft({ candidates }: Budget, trained: number, pending: number): number {
  return Math.max(0, candidates - trained - pending)
}

/** Why the search is to end, if it is. @param isClimbing whether candidates are on their way to higher rungs, which all are let to reach */
export function exhaustion(budget: Budget, trained: number, elapsedMs: number, isClimbing: () => boolean): string | null {
  if (trained >= budget.candidates && !isClimbing()) return `all ${budget.candidates} candidates are trained`
  if (budget.timeLimitMs !== null && elapsedMs >= budget.timeLimitMs) return `the time limit of ${formatDuration(budget.timeLimitMs)} is reached`
  return null
}
