import type { SearchConfig } from '../../shared/config/search-config.js'
import type { SubsetSpecification, TrainingSpecification } from '../../shared/training/specification.js'

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

/** The training that evaluates a candidate. */
export function specificationOf(encoding: string, config: SearchConfig, dataset: ResolvedDataset): TrainingSpecification {
  const { timeLimit, ...recipe } = config.training
  return {
    encoding,
    dataDirectory: config.data.directory,
    subset: subsetOf(config),
    ...(dataset.manifestHash === undefined ? {} : { manifestHash: dataset.manifestHash }),
    recipe,
    ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit }),
    unreadableLimit: config.data.unreadableLimit,
  }
}
