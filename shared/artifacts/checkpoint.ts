/** Which checkpoint: of one candidate of one search, at the end of one epoch. */
export interface CheckpointReference {
  readonly searchId: string
  /** Sequence number of the candidate. */
  readonly candidate: number
  /** Epochs done, from 1. */
  readonly epoch: number
}

/** A checkpoint that is to be kept. */
export interface NewCheckpoint extends CheckpointReference {
  /** Validation accuracy at its epoch, 0..1. */
  readonly top1: number
}

/** A checkpoint that is kept. Two attempts may have left one each of the same epoch. */
export interface StoredCheckpoint extends NewCheckpoint {
  /** Of its content, lower-case hexadecimal. */
  readonly sha256: string
  readonly bytes: number
}

type Order = (a: StoredCheckpoint, b: StoredCheckpoint) => number

// Both orders are total, so that workers that tidy up at the same time keep the same ones.
const byEpoch: Order = (a, b) => a.epoch - b.epoch || a.top1 - b.top1 || bySha256(a, b)
/** Of equals the latest is the best, as the trainer's own `best` is. */
const byAccuracy: Order = (a, b) => a.top1 - b.top1 || a.epoch - b.epoch || bySha256(a, b)

/** From the last to the first: in this order a training tries to go on from them. */
export function latestFirst(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  return [...checkpoints].sort((a, b) => byEpoch(b, a))
}

/** Those of one candidate that need not be kept: all but the last and the best. */
export function superseded(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  const kept = [byEpoch, byAccuracy].map((order) => greatest(checkpoints, order))
  return checkpoints.filter((each) => !kept.includes(each))
}

function greatest(checkpoints: readonly StoredCheckpoint[], order: Order): StoredCheckpoint | undefined {
  return checkpoints.reduce<StoredCheckpoint | undefined>((most, each) => (most === undefined || order(each, most) > 0 ? each : most), undefined)
}

function bySha256(a: StoredCheckpoint, b: StoredCheckpoint): number {
  return a.sha256 < b.sha256 ? -1 : Number(a.sha256 > b.sha256)
}
