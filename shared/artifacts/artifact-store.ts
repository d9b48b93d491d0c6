import type { CheckpointReference, StoredCheckpoint } from './checkpoint.js'

/**
 * Where checkpoints lie that more than one worker needs: a training whose worker is lost goes on elsewhere from its last
 * epoch, a promoted candidate from its last rung. Several processes may use one at a time. What cannot be reached or written
 * is an EnvironmentError.
 */
export interface ArtifactStore {
  /** Keeps a copy of the file, whole or not at all, in place of an earlier one of the same reference. */
  put(checkpoint: CheckpointReference & { readonly top1: number }, file: string): Promise<void>
  /** Copies a checkpoint into the file, whole or not at all. @returns whether it is there */
  get(checkpoint: CheckpointReference, file: string): Promise<boolean>
  /** Of one candidate, by epoch. */
  list(searchId: string, candidate: number): Promise<StoredCheckpoint[]>
  /** Nothing happens where there is none. */
  delete(checkpoint: CheckpointReference): Promise<void>
  /** All of one candidate. */
  deleteCandidate(searchId: string, candidate: number): Promise<void>
}
