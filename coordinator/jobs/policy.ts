/** Limits of jobs, milliseconds; null = none. */
export interface JobPolicy {
  /** A holder that is silent for so long loses its lease. */
  readonly leaseTtlMs: number
  /** Longest wait in the queue, from each time it enters it. */
  readonly queueLimitMs: number | null
  /** Longest attempt, set-up included. */
  readonly attemptLimitMs: number | null
  /** Longest life of a job, all attempts and waits together. */
  readonly overallLimitMs: number | null
  /** Attempts that may fail, in ways that are not the machinery's alone, before the job is given up. */
  readonly maximumFailures: number
  /** Workers that may be lost, and trainers that may crash, while training a candidate before it is given up. */
  readonly maximumKills: number
  /** Wait before the first retry; doubles with each further one. */
  readonly retryDelayMs: number
  readonly longestRetryDelayMs: number
  /** How long a job that is ready is kept for other workers than the one that failed it last. */
  readonly avoidanceMs: number
}

export const defaultJobPolicy: JobPolicy = {
  leaseTtlMs: 15_000,
  queueLimitMs: null,
  attemptLimitMs: null,
  overallLimitMs: null,
  maximumFailures: 3,
  maximumKills: 3,
  retryDelayMs: 250,
  longestRetryDelayMs: 60_000,
  avoidanceMs: 10_000,
}

/** Wait before the retry that follows the given number of attempts (from 1). */
export function retryDelayMs(policy: JobPolicy, attempts: number): number {
  return Math.min(policy.longestRetryDelayMs, policy.retryDelayMs * 2 ** Math.min(30, attempts - 1))
}

/** Whether a job's life, attempts and waits together, is over. */
export function isOverdue(createdAtMs: number, atMs: number, { overallLimitMs }: JobPolicy): boolean {
  return overallLimitMs !== null && atMs >= createdAtMs + overallLimitMs
}

/** When a job that enters the queue must have left it; null = never. */
export function queueDeadlineMs(createdAtMs: number, queuedAtMs: number, policy: JobPolicy): number | null {
  return earliest(after(queuedAtMs, policy.queueLimitMs), after(createdAtMs, policy.overallLimitMs))
}

/** When an attempt that begins must have ended; null = never. */
export function attemptDeadlineMs(createdAtMs: number, startedAtMs: number, policy: JobPolicy): number | null {
  return earliest(after(startedAtMs, policy.attemptLimitMs), after(createdAtMs, policy.overallLimitMs))
}

function after(atMs: number, limitMs: number | null): number | null {
  return limitMs === null ? null : atMs + limitMs
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}
