import type { SearchConfig } from '../../shared/config/search-config.js'
import type { SubsetSpecification, TrainingSpecification } from '../../shared/training/specification.js'
import { rungsOf } from './fidelity.js'

/** What the data folder resolves to. */
export interface ResolvedDataset {
  readonly classes: number
  /** Absent = workers' folders are not compared. */
  readonly manifestHash?: string
}

export function subsetOf({ data }: SearchConfig): SubsetSpecification {
  return {
    ...(data.classes === undefined ? {} : { classes: data.classes }),
    ...(data.imagesPerClass === undefined ? {} : { imagesPerClass: data.imagesPerClass }),
    ...(data.validationImagesPerClass === undefined ? {} : { validationImagesPerClass: data.validationImagesPerClass }),
    seed: data.seed,
  }
}

/** The training that evaluates a candidate on a rung, going on from the one before where there is one. */
export function specificationOf(encoding: string, rung: number, config: SearchConfig, dataset: ResolvedDataset): TrainingSpecification {
  const { timeLimit, ...recipe } = config.training
  const { epochs, resolution = recipe.resolution, imagesPerClass } = rungsOf(config)[rung]
  const subset = subsetOf(config)
  // What a smaller set of images resolves to is known to the workers only.
  const manifestHash = imagesPerClass === undefined ? dataset.manifestHash : undefined
  return {
    encoding,
    dataDirectory: config.data.directory,
    subset: imagesPerClass === undefined ? subset : { ...subset, imagesPerClass },
    ...(manifestHash === undefined ? {} : { manifestHash }),
    recipe: { ...recipe, resolution },
    ...(config.rungs === undefined ? {} : { stopAfterEpochs: epochs, lineage: dataset.manifestHash ?? config.name }),
    ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit }),
    unreadableLimit: config.data.unreadableLimit,
  }
}
