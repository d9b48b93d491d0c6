import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sameAttempt, type AttemptReference, type HeldAttempt } from '../../shared/cluster/attempt.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { writeDurably } from '../durable-file.js'

/** An outcome that the coordinator has not confirmed yet. */
export interface Undelivered extends HeldAttempt {
  readonly outcome: Outcome
}

/**
 * Outcomes of one search on their way to the coordinator, on disk: neither a restart of the worker nor an outage of the
 * coordinator loses a finished training.
 */
export class Outbox {
  private readonly entries: Undelivered[]

  /** Takes up what an earlier worker process left. */
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true })
    this.entries = readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Undelivered)
  }

  get all(): readonly Undelivered[] {
    return this.entries
  }

  /** On the disk when it returns. */
  add(entry: Undelivered): void {
    writeDurably(this.file(entry), JSON.stringify(entry))
    this.entries.push(entry)
  }

  remove(attempt: AttemptReference): void {
    const index = this.entries.findIndex((entry) => sameAttempt(entry, attempt))
    if (index >= 0) this.entries.splice(index, 1)
    rmSync(this.file(attempt), { force: true })
  }

  private file({ jobId, token }: AttemptReference): string {
    return join(this.directory, `${jobId}-${token}.json`)
  }
}
