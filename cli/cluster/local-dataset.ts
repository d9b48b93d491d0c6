import type { ResolvedDataset } from '../../coordinator/run/training-specification.js'
import { subsetOf } from '../../coordinator/run/training-specification.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { InvalidInputError } from '../../shared/errors.js'
import { isDataDirectoryHere, resolveDataDirectory } from '../../worker/data/data-directory.js'
import { requireOneBatch } from '../../worker/data/dataset.js'
import { resolveManifest } from '../../worker/data/manifest.js'
import { readCollection } from '../../worker/data/read-collection.js'
import { printStatus } from '../output.js'

/**
 * What the config's data folder resolves to on this machine. Where it is not here (a coordinator needs no images), the
 * config must name the number of classes, and workers' folders are not compared.
 */
export async function localDataset(config: SearchConfig): Promise<ResolvedDataset> {
  const { directory, classes } = config.data
  if (!isDataDirectoryHere(directory)) {
    if (classes === undefined) {
      throw new InvalidInputError(`the data folder ${directory} is not on this machine: name data.classes in the config, so that networks can be sized without it`)
    }
    printStatus(`nasoa: ${directory} is not on this machine, so workers' images are not compared with it`)
    return { classes }
  }
  const folder = await readCollection(await resolveDataDirectory(directory, printStatus), printStatus)
  const manifest = await resolveManifest(folder, subsetOf(config))
  requireOneBatch(manifest, config.training.batch)
  return { classes: manifest.classes.length, manifestHash: manifest.hash }
}
