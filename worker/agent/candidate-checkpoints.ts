import { linkSync, rmSync } from 'node:fs'
import type { Logger } from 'pino'
import { DamagedCheckpointError, type ArtifactStore } from '../../shared/artifacts/artifact-store.js'
import { latestFirst, superseded, type StoredCheckpoint } from '../../shared/artifacts/checkpoint.js'
import { messageOf } from '../../shared/errors.js'

export interface CandidateCheckpointsOptions {
  readonly store: ArtifactStore
  readonly searchId: string
  readonly candidate: number
  readonly logger: Logger
}

/** A checkpoint that the trainer has written. */
export interface WrittenCheckpoint {
  readonly epoch: number
  readonly top1: number
  readonly path: string
}

/**
 * One candidate's checkpoints in the artifact store, so that another worker can go on from its last epoch. The training does
 * not depend on it: where the store fails, the training goes on, and the log says what a later attempt will miss.
 */
export class CandidateCheckpoints {
  private waiting: WrittenCheckpoint | null = null
  private keeping: Promise<void> | null = null

  constructor(private readonly options: CandidateCheckpointsOptions) {}

  /** Copies the last one that is whole into the file. @returns its epoch; 0 = there is none */
  async fetchLast(file: string): Promise<number> {
    const { store, searchId, candidate } = this.options
    const epoch = await this.guarded('read', async () => {
      for (const each of latestFirst(await store.list(searchId, candidate))) if (await this.fetch(each, file)) return each.epoch
      return 0
    })
    return epoch ?? 0
  }

  /** A damaged one is removed, so that nobody stumbles over it again. @returns whether it is in the file */
  private async fetch(checkpoint: StoredCheckpoint, file: string): Promise<boolean> {
    const { store } = this.options
    try {
      return await store.get(checkpoint, file)
    } catch (error) {
      if (!(error instanceof DamagedCheckpointError)) throw error
      this.complain('read', error)
      await store.delete(checkpoint)
      return false
    }
  }

  /** Keeps it soon; while an earlier one is on its way, only the latest waits. */
  keep(written: WrittenCheckpoint): void {
    if (this.waiting !== null) rmSync(this.waiting.path, { force: true })
    this.waiting = this.pinned(written)
    this.keeping ??= this.keepAll().finally(() => (this.keeping = null))
  }

  /** Resolves when all that was written is kept, or cannot be. */
  async settled(): Promise<void> {
    await this.keeping
  }

  /** Nobody will go on with the candidate. */
  async discard(): Promise<void> {
    const { store, searchId, candidate } = this.options
    if (this.waiting !== null) rmSync(this.waiting.path, { force: true })
    this.waiting = null
    await this.settled()
    await this.guarded('delete', () => store.deleteCandidate(searchId, candidate))
  }

  /** Under a name of its own, because the trainer replaces its last checkpoint with the next epoch's. */
  private pinned(written: WrittenCheckpoint): WrittenCheckpoint | null {
    const path = `${written.path}.epoch-${written.epoch}`
    try {
      rmSync(path, { force: true })
      linkSync(written.path, path)
      return { ...written, path }
    } catch (error) {
      this.complain('keep', error)
      return null
    }
  }

  private async keepAll(): Promise<void> {
    for (let next = this.waiting; next !== null; next = this.waiting) {
      this.waiting = null
      const { path, ...written } = next
      await this.guarded('keep', () => this.put(written, path))
      rmSync(path, { force: true })
    }
  }

  private async put({ epoch, top1 }: Omit<WrittenCheckpoint, 'path'>, path: string): Promise<void> {
    const { store, searchId, candidate } = this.options
    await store.put({ searchId, candidate, epoch, top1 }, path)
    for (const each of superseded(await store.list(searchId, candidate))) await store.delete(each)
  }

  private async guarded<T>(what: string, act: () => Promise<T>): Promise<T | null> {
    try {
      return await act()
    } catch (error) {
      this.complain(what, error)
      return null
    }
  }

  private complain(what: string, error: unknown): void {
    this.options.logger.warn({ candidate: this.options.candidate, error: messageOf(error) }, `cannot ${what} a checkpoint; the training goes on`)
  }
}
