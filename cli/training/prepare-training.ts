import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseDuration } from '../../shared/config/duration.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { SubsetSpecification, TrainingSpecification } from '../../shared/training/specification.js'
import { resolveDataDirectory } from '../../worker/data/data-directory.js'
import { requireOneBatch } from '../../worker/data/dataset.js'
import { resolveManifest } from '../../worker/data/manifest.js'
import { naturalResolution } from '../../worker/data/natural-resolution.js'
import { readCollection } from '../../worker/data/read-collection.js'
import type { TrainCommand } from '../../worker/trainer/messages.js'
import { trainingFingerprint } from '../../worker/trainer/progress.js'
import { UsageError, printStatus } from '../output.js'
import { requireInteger, requireNumber, seeds } from '../option-values.js'
import { recipeOf } from './recipe-options.js'
import type { TrainArguments } from './train-arguments.js'

/**
 * The work that the arguments ask for. Everything that can be wrong with them is found here, before TensorFlow is loaded.
 * @throws InvalidInputError in one line
 */
export async function prepareTraining(given: TrainArguments): Promise<TrainCommand> {
  const encoding = canonicalEncoding(parseGenome(given.encoding))
  // Without --resolution it is not known yet, but the rest of the recipe can be refused without looking at images.
  recipeOf(given, given.resolution ?? 224)
  const subset = subsetOf(given)
  const timeLimit = timeLimitOf(given.timeLimit)
  if (given.threads !== undefined) requireInteger('threads', given.threads, [1, 1024])
  requireNumber('unreadableLimit', given.unreadableLimit, [0, 1])
  const dataDirectory = resolve(await resolveDataDirectory(given.data, printStatus))
  const folder = await readCollection(dataDirectory, printStatus)
  const recipe = recipeOf(given, given.resolution ?? (await naturalResolution(folder)))
  const manifest = await resolveManifest(folder, subset)
  requireOneBatch(manifest, recipe.batch)
  const { unreadableLimit } = given
  const specification = { encoding, dataDirectory, subset, recipe, unreadableLimit, ...timeLimit, manifestHash: manifest.hash }
  const threads = given.threads === undefined ? {} : { threads: given.threads }
  return { kind: 'train', specification, ...placesOf(given, specification, manifest.hash), ...threads }
}

function subsetOf({ classes, imagesPerClass, validationImagesPerClass, subsetSeed: seed }: TrainArguments): SubsetSpecification {
  requireInteger('subsetSeed', seed, seeds)
  const counts = Object.entries({ classes, imagesPerClass, validationImagesPerClass }).filter(([, value]) => value !== undefined)
  for (const [key, value] of counts) requireInteger(key, value as number, [1, 1_000_000])
  return { seed, ...(Object.fromEntries(counts) as Partial<SubsetSpecification>) }
}

function timeLimitOf(text: string | undefined): { timeLimitMs?: number } {
  if (text === undefined) return {}
  const timeLimitMs = parseDuration(text)
  if (timeLimitMs === null) throw new UsageError(`--time-limit: ${JSON.stringify(text)} is not a duration such as 90s, 4m or 2h`)
  return { timeLimitMs }
}

function placesOf(given: TrainArguments, specification: TrainingSpecification, manifestHash: string): { outputDirectory: string; resumeFrom?: string } {
  const name = trainingFingerprint(specification, manifestHash).slice(0, 12)
  const outputDirectory = resolve(given.output ?? join('nasoa-train', name))
  if (!given.resume) return { outputDirectory }
  const resumeFrom = join(outputDirectory, 'last.safetensors')
  if (!existsSync(resumeFrom)) throw new UsageError(`--resume: there is no checkpoint ${JSON.stringify(resumeFrom)}; start without --resume`)
  return { outputDirectory, resumeFrom }
}
