import os from 'node:os'

/** Threads of one slot, when `workers` workers with `slots` slots each share this machine's processors. */
export function threadsPerSlot(slots: number, workers: number): number {
  return Math.max(1, Math.floor(os.availableParallelism() / (slots * workers)))
}
