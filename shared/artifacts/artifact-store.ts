import { EnvironmentError } from '../errors.js'
import type { NewCheckpoint, StoredCheckpoint } from './checkpoint.js'

/**
 * Where checkpoints lie that more than one worker needs: a training whose worker is lost goes on elsewhere from its last
 * epoch, a promoted candidate from its last rung. Several processes may use one at a time. What is away for the moment is an
 * UnavailableError, once trying again for a while has not helped; what cannot be used (no rights, no room, no such bucket) is
 * an EnvironmentError.
 */
export interface ArtifactStore {
  /** For messages. */
  readonly name: string
  /** Writes something and removes it, once, so that what is wrong is said before the first training. */
  probe(): Promise<void>
  /** Keeps a copy of the file, whole or not at all. */
  put(checkpoint: NewCheckpoint, file: string): Promise<void>
  /**
   * Copies a checkpoint into the file, whole or not at all.
   * @returns whether it is there still
   * @throws DamagedCheckpointError where it is not what was put
   */
  get(checkpoint: StoredCheckpoint, file: string): Promise<boolean>
  /** Of one candidate, by epoch. */
  list(searchId: string, candidate: number): Promise<StoredCheckpoint[]>
  /** Nothing happens where it is gone. */
  delete(checkpoint: StoredCheckpoint): Promise<void>
  /** All of one candidate. */
  deleteCandidate(searchId: string, candidate: number): Promise<void>
}

/** A checkpoint's content has another hash than the file that was put. */
export class DamagedCheckpointError extends EnvironmentError {
  override readonly code = 'damaged_checkpoint'
}
