import { sameAttempt, type AttemptReference, type HeldAttempt } from '../shared/cluster/attempt.js'
import type { Outcome } from '../shared/training/outcome.js'

export interface Undelivered extends HeldAttempt {
  readonly outcome: Outcome
}

/** What a worker has on its disk, which outlives its process: outcomes that are not confirmed yet, and checkpoints. */
export class WorkDisk {
  searchId = ''
  private undelivered: readonly Undelivered[] = []
  private readonly checkpoints = new Map<string, number>()

  get outbox(): readonly Undelivered[] {
    return this.undelivered
  }

  put(entry: Undelivered): void {
    this.undelivered = [...this.undelivered, entry]
    this.forget(entry)
  }

  remove(attempt: AttemptReference): void {
    this.undelivered = this.undelivered.filter((entry) => !sameAttempt(entry, attempt))
  }

  /** Epochs that an attempt need not train again. */
  epochsOf(attempt: AttemptReference): number {
    return this.checkpoints.get(keyOf(attempt)) ?? 0
  }

  keep(attempt: AttemptReference, epochs: number): void {
    this.checkpoints.set(keyOf(attempt), epochs)
  }

  forget(attempt: AttemptReference): void {
    this.checkpoints.delete(keyOf(attempt))
  }

  /** Another machine stands in for the one that was lost: nothing is left. */
  clear(): void {
    this.searchId = ''
    this.undelivered = []
    this.checkpoints.clear()
  }
}

function keyOf({ jobId, token }: AttemptReference): string {
  return `${jobId}-${token}`
}
