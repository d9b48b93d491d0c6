/** Machines of a kind differ by a little. */
const leastFactor = 1.1

/**
 * Whether a training that did not fit the one memory is worth a try in the other.
 * @param memoryBytes undefined = not known
 */
export function isLarger(memoryBytes: number | undefined, thanBytes: number): boolean {
  return memoryBytes !== undefined && memoryBytes >= thanBytes * leastFactor
}
