import { EnvironmentError } from '../errors.js'
import type { NewCheckpoint } from './checkpoint.js'

/**
 * `<search>/<candidate>/<epoch>_<top1>_<sha256>.safetensors`: what is in a store can be seen, and sorted, in a listing; nobody
 * overwrites another's, and whoever reads one knows whether it is whole.
 */
const namePattern = /^(\d+)_([01]\.\d+)_([0-9a-f]{64})\.safetensors$/

/** Where a candidate's checkpoints lie, without a slash at the end. @throws EnvironmentError for an id that leads elsewhere */
export function candidatePath(searchId: string, candidate: number): string {
  if (!/^[\w-]{1,100}$/.test(searchId)) throw new EnvironmentError(`'${searchId}' is not the id of a search`)
  if (!Number.isSafeInteger(candidate) || candidate < 0) throw new EnvironmentError(`${candidate} is not the number of a candidate`)
  return `${searchId}/${candidate}`
}

export function checkpointName({ epoch, top1 }: Pick<NewCheckpoint, 'epoch' | 'top1'>, sha256: string): string {
  return `${String(epoch).padStart(4, '0')}_${top1.toFixed(9)}_${sha256}.safetensors`
}

/** null = it is no checkpoint's. */
export function parseCheckpointName(name: string): { readonly epoch: number; readonly top1: number; readonly sha256: string } | null {
  const match = namePattern.exec(name)
  if (match === null) return null
  const parsed = { epoch: Number(match[1]), top1: Number(match[2]), sha256: match[3] }
  return checkpointName(parsed, parsed.sha256) === name ? parsed : null
}
