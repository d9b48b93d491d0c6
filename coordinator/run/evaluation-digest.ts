import { createHash } from 'node:crypto'
import type { SearchConfig } from '../../shared/config/search-config.js'
import type { ResolvedDataset } from './training-specification.js'

/**
 * Stands for everything but the network and the device that decides what a whole training comes to: recipe, seed, number format and
 * rungs, and the images by the hash of their manifest. Searches of equal digests have comparable results where the devices are alike.
 * @returns null where the images are not known here, so that nothing is known to be equal
 */
export function evaluationDigest({ training, rungs = [] }: SearchConfig, { classes, manifestHash }: ResolvedDataset): string | null {
  if (manifestHash === undefined) return null
  const recipe = Object.entries(training).filter(([key]) => key !== 'timeLimit')
  const rungsInOrder = rungs.map(({ epochs, resolution = null, imagesPerClass = null }) => [epochs, resolution, imagesPerClass])
  const sorted = recipe.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify([manifestHash, classes, sorted, rungsInOrder])).digest('hex')
}
