import { createHash } from 'node:crypto'
import { InvalidInputError } from '../../shared/errors.js'
import type { TrainingSpecification } from '../../shared/training/specification.js'

/** Where a training stands at the end of an epoch: what a checkpoint holds besides the variables. */
export interface TrainingProgress {
  /** Epochs done. */
  readonly epoch: number
  /** Of the last epoch. */
  readonly loss: number
  readonly top1: number
  readonly bestTop1: number
  /** Time in steps and evaluations so far, milliseconds. */
  readonly trainingMs: number
}

/**
 * What must be equal for a checkpoint to continue a training exactly: everything but where the data lie, how long it may take
 * and where it is to pause. The manifest hash stands for the data. Within a lineage the images and their resolution may change.
 */
export function trainingFingerprint({ encoding, recipe, lineage }: TrainingSpecification, manifestHash: string): string {
  const { resolution, ...rest } = recipe
  const fixed = lineage === undefined ? { ...rest, resolution } : rest
  const sorted = Object.entries(fixed).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify([encoding, lineage ?? manifestHash, sorted])).digest('hex')
}

export function progressToMetadata(progress: TrainingProgress, fingerprint: string): Record<string, string> {
  return { 'nasoa.progress': JSON.stringify(progress), 'nasoa.fingerprint': fingerprint }
}

/** @throws InvalidInputError when the checkpoint is none of ours, or of another training */
export function progressFromMetadata(metadata: Readonly<Record<string, string>>, fingerprint: string, path: string): TrainingProgress {
  const text = metadata['nasoa.progress']
  if (text === undefined) throw new InvalidInputError(`${JSON.stringify(path)} holds no training to continue: it was not written by a training`, { path })
  if (metadata['nasoa.fingerprint'] !== fingerprint) {
    throw new InvalidInputError(
      `${JSON.stringify(path)} belongs to another training: network, images and recipe (epochs included) must be the same to continue`,
      { path },
    )
  }
  return JSON.parse(text) as TrainingProgress
}
