import type { Augmentation, Precision, PrecisionChoice, SubsetSpecification, TrainingRecipe, TrainingSpecification } from '../training/specification.js'
import { duration, longestDurationMs, present, text, whole, within } from './checked.js'
import { enumMapping } from './enum-mapping.js'
import {
  Augmentation as AugmentationCode,
  Precision as PrecisionCode,
  type Recipe,
  type Subset,
  type TrainingSpecification as SpecificationMessage,
} from './gen/nasoa/v1/training.js'

const augmentations = enumMapping<Augmentation, AugmentationCode>({
  'resized-crop': AugmentationCode.RESIZED_CROP,
  'original-resized-crop': AugmentationCode.ORIGINAL_RESIZED_CROP,
  'pad-crop': AugmentationCode.PAD_CROP,
  none: AugmentationCode.NONE,
})

const numberFormats = {
  float32: PrecisionCode.FLOAT32,
  bfloat16: PrecisionCode.BFLOAT16,
  float16: PrecisionCode.FLOAT16,
} as const

/** Of a result: what was used. */
export const precisions = enumMapping<Precision, PrecisionCode>(numberFormats)
/** Of a recipe: what is asked for. */
const precisionChoices = enumMapping<PrecisionChoice, PrecisionCode>({ ...numberFormats, auto: PrecisionCode.AUTO })

const largestSeed = 4294967295

export function specificationToMessage(specification: TrainingSpecification): SpecificationMessage {
  const { encoding, dataDirectory, subset, manifestHash, recipe, stopAfterEpochs, lineage, timeLimitMs, unreadableLimit } = specification
  return {
    encoding,
    dataDirectory,
    subset: {
      classes: subset.classes,
      imagesPerClass: subset.imagesPerClass,
      validationImagesPerClass: subset.validationImagesPerClass,
      seed: subset.seed,
    },
    manifestHash,
    recipe: { ...recipe, augmentation: augmentations.toCode(recipe.augmentation), precision: precisionChoices.toCode(recipe.precision) },
    stopAfterEpochs,
    lineage,
    timeLimitMs: timeLimitMs === undefined ? undefined : BigInt(Math.round(timeLimitMs)),
    unreadableLimit,
  }
}

/** @throws InvalidInputError naming the field at fault */
export function specificationFromMessage(message: SpecificationMessage | undefined): TrainingSpecification {
  const { encoding, dataDirectory, subset, manifestHash, recipe, stopAfterEpochs, lineage, timeLimitMs, unreadableLimit } = present(message, 'specification')
  return {
    encoding: text(encoding, 1_000, 'specification.encoding'),
    dataDirectory: text(dataDirectory, 4_096, 'specification.data_directory'),
    subset: subsetFromMessage(present(subset, 'specification.subset')),
    ...(manifestHash === undefined ? {} : { manifestHash: text(manifestHash, 200, 'specification.manifest_hash') }),
    recipe: recipeFromMessage(present(recipe, 'specification.recipe')),
    ...(stopAfterEpochs === undefined ? {} : { stopAfterEpochs: whole(stopAfterEpochs, 1, 1e6, 'specification.stop_after_epochs') }),
    ...(lineage === undefined ? {} : { lineage: text(lineage, 200, 'specification.lineage') }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs: duration(timeLimitMs, longestDurationMs, 'specification.time_limit_ms') }),
    unreadableLimit: within(unreadableLimit, 0, 1, 'specification.unreadable_limit'),
  }
}

function subsetFromMessage({ classes, imagesPerClass, validationImagesPerClass, seed }: Subset): SubsetSpecification {
  const count = (value: number, field: string): number => whole(value, 1, 1e9, `specification.subset.${field}`)
  return {
    ...(classes === undefined ? {} : { classes: count(classes, 'classes') }),
    ...(imagesPerClass === undefined ? {} : { imagesPerClass: count(imagesPerClass, 'images_per_class') }),
    ...(validationImagesPerClass === undefined
      ? {}
      : { validationImagesPerClass: count(validationImagesPerClass, 'validation_images_per_class') }),
    seed: whole(seed, 0, largestSeed, 'specification.subset.seed'),
  }
}

function recipeFromMessage(recipe: Recipe): TrainingRecipe {
  const field = (name: string): string => `specification.recipe.${name}`
  return {
    epochs: whole(recipe.epochs, 1, 1e6, field('epochs')),
    batch: whole(recipe.batch, 1, 1e6, field('batch')),
    resolution: whole(recipe.resolution, 1, 65_536, field('resolution')),
    learningRate: within(recipe.learningRate, 0, 1e6, field('learning_rate')),
    weightDecay: within(recipe.weightDecay, 0, 1, field('weight_decay')),
    labelSmoothing: within(recipe.labelSmoothing, 0, 1, field('label_smoothing')),
    warmup: within(recipe.warmup, 0, 1, field('warmup')),
    augmentation: augmentations.toWord(recipe.augmentation, field('augmentation')),
    precision: precisionChoices.toWord(recipe.precision, field('precision')),
    seed: whole(recipe.seed, 0, largestSeed, field('seed')),
  }
}
