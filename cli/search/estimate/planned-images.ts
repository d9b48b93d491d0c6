import { rungsOf } from '../../../coordinator/run/fidelity.js'
import { subsetOf } from '../../../coordinator/run/training-specification.js'
import type { SearchConfig } from '../../../shared/config/search-config.js'
import { InvalidInputError } from '../../../shared/errors.js'
import { isDataDirectoryHere, resolveDataDirectory } from '../../../worker/data/data-directory.js'
import { resolveManifest } from '../../../worker/data/manifest.js'
import { readCollection } from '../../../worker/data/read-collection.js'
import { printStatus } from '../../output.js'

export interface ImageCounts {
  readonly train: number
  readonly validation: number
}

export interface PlannedImages {
  readonly classes: number
  /** Of each rung, lowest first. */
  readonly rungs: readonly ImageCounts[]
}

/**
 * How many images the trainings of each rung see: counted where the data folder is on this machine, else as the config says.
 * @throws InvalidInputError where neither tells
 */
export async function plannedImages(config: SearchConfig): Promise<PlannedImages> {
  const { directory } = config.data
  if (!isDataDirectoryHere(directory)) return imagesByConfig(config)
  const folder = await readCollection(await resolveDataDirectory(directory, printStatus), printStatus)
  const whole = await resolveManifest(folder, subsetOf(config))
  const rungs = rungsOf(config).map(async ({ imagesPerClass }) => {
    const { train, validation } = imagesPerClass === undefined ? whole : await resolveManifest(folder, { ...subsetOf(config), imagesPerClass })
    return { train: train.length, validation: validation.length }
  })
  return { classes: whole.classes.length, rungs: await Promise.all(rungs) }
}

function imagesByConfig(config: SearchConfig): PlannedImages {
  const { directory, classes, imagesPerClass, validationImagesPerClass } = config.data
  const known = { classes, imagesPerClass, validationImagesPerClass }
  const missing = Object.entries(known).flatMap(([name, value]) => (value === undefined ? [`data.${name}`] : []))
  if (classes === undefined || imagesPerClass === undefined || validationImagesPerClass === undefined) {
    throw new InvalidInputError(`the data folder ${directory} is not on this machine: name ${missing.join(', ')} in the config, so that steps can be counted without it`)
  }
  const rungs = rungsOf(config).map((rung) => ({ train: classes * (rung.imagesPerClass ?? imagesPerClass), validation: classes * validationImagesPerClass }))
  return { classes, rungs }
}
