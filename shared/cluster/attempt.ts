/** One attempt at a job. Its token is its number, from 1: a higher token supersedes all lower ones. */
export interface AttemptReference {
  readonly jobId: number
  readonly token: number
}

export function sameAttempt(a: AttemptReference, b: AttemptReference): boolean {
  return a.jobId === b.jobId && a.token === b.token
}

/** An attempt that a worker runs, or has finished without having delivered its outcome. */
export interface HeldAttempt extends AttemptReference {
  readonly slot: number
}

/** Why a worker must end an attempt. */
export interface Cancellation extends AttemptReference {
  readonly reason: string
}
