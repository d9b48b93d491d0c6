import { NasoaError, messageOf } from '../../shared/errors.js'

/** The network does not fit into the memory of the device (or host): a result, not a fault; do not retry as it is. */
export class OutOfMemoryError extends NasoaError {
  readonly code = 'out_of_memory'
  readonly exitCode = 1
}

/** What the allocators of TensorFlow and oneDNN (its status 1), CUDA and the C++ runtime say when memory runs out. */
const outOfMemory = /OOM when allocating|resource ?exhausted|out[ _]of[ _]memory|failed to allocate|Status: 1, message|bad_alloc/i

/** The typed form of an error thrown by a session run. */
export function sessionError(error: unknown): unknown {
  const message = messageOf(error)
  if (!outOfMemory.test(message)) return error
  return new OutOfMemoryError(`out of memory (${message}): use a smaller batch or resolution`, {}, { cause: error })
}
