import { CancelledError, InvalidInputError, messageOf } from '../../shared/errors.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { UnreadableImagesError } from '../data/unreadable-images.js'
import { OutOfMemoryError } from '../tensorflow/errors.js'

/** Thrown by the training loop where the training itself is over: not a fault, a result. */
export class EndedEarly extends Error {
  constructor(readonly outcome: Exclude<Outcome, { kind: 'succeeded' }>) {
    super(outcome.message)
  }
}

/** What TensorFlow, CUDA, the C++ library, V8 and the kernel say when memory runs out. */
const outOfMemoryPattern = /\bOOM\b|out of memory|resource ?_?exhausted|std::bad_alloc|allocation failed|cannot allocate memory|\bENOMEM\b/i

export function saysOutOfMemory(text: string): boolean {
  return outOfMemoryPattern.test(text)
}

const diskErrors = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'disk']

/** The outcome of a training that threw. Pure but for the peak memory, which is passed in. */
export function outcomeOfError(error: unknown, peakBytes: number): Exclude<Outcome, { kind: 'succeeded' }> {
  const message = messageOf(error)
  if (error instanceof EndedEarly) return error.outcome
  if (error instanceof CancelledError) return { kind: 'cancelled', message }
  if (error instanceof OutOfMemoryError || saysOutOfMemory(message)) return { kind: 'out_of_memory', peakBytes, message }
  if (error instanceof UnreadableImagesError || error instanceof DataError) return { kind: 'failed', reason: 'data', message }
  if (diskErrors.includes(String((error as NodeJS.ErrnoException | null)?.code))) return { kind: 'failed', reason: 'disk', message }
  return { kind: 'failed', reason: 'internal', message }
}

/** The job's images are not there, not the right ones, or too few. */
export class DataError extends InvalidInputError {
  override readonly code = 'data'
}
