/** Which checkpoint: of one candidate of one search, at the end of one epoch. */
export interface CheckpointReference {
  readonly searchId: string
  /** Sequence number of the candidate. */
  readonly candidate: number
  /** Epochs done, from 1. */
  readonly epoch: number
}

/** A checkpoint that is kept. */
export interface StoredCheckpoint extends CheckpointReference {
  /** Validation accuracy at its epoch, 0..1. */
  readonly top1: number
  readonly bytes: number
}

/** The checkpoint that a training goes on from; undefined = there is none. */
export function lastOf<C extends CheckpointReference>(checkpoints: readonly C[]): C | undefined {
  return checkpoints.reduce<C | undefined>((last, each) => (last === undefined || each.epoch > last.epoch ? each : last), undefined)
}

/** The most accurate one; of equals the latest, as the trainer's own `best` is. */
export function bestOf(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint | undefined {
  return checkpoints.reduce<StoredCheckpoint | undefined>((best, each) => (best === undefined || isBetter(each, best) ? each : best), undefined)
}

/** Those of one candidate that need not be kept: all but the last and the best. */
export function superseded(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  const kept = [lastOf(checkpoints), bestOf(checkpoints)]
  return checkpoints.filter((each) => !kept.includes(each))
}

function isBetter(a: StoredCheckpoint, b: StoredCheckpoint): boolean {
  return a.top1 > b.top1 || (a.top1 === b.top1 && a.epoch > b.epoch)
}
