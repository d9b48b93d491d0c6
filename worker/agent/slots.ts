import os from 'node:os'

/** Threads of one slot, when `workers` workers with `slots` slots each share this machine's processors. */
export function threadsPerSlot(slots: number, workers: number): number {
  return Math.max(1, Math.floor(os.availableParallelism() / (slots * workers)))
}

/** Memory of one of so many trainings that share this machine, bytes. */
export function memoryShare(trainings: number): number {
  // What a container may use; where there is no limit, nothing or more than there is.
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()) / trainings)
}
