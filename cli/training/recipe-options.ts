import type { Options } from 'yargs'
import { type TrainingRecipe, augmentations, precisionChoices } from '../../shared/training/specification.js'
import { requireInteger, requireNumber, seeds } from '../option-values.js'

/** What `recipeOptions` parse to. */
export interface RecipeArguments {
  readonly epochs: number
  readonly batch: number
  readonly resolution: number | undefined
  readonly learningRate: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  readonly warmup: number
  readonly augmentation: string
  readonly precision: string
  readonly seed: number
}

const number = { type: 'number', requiresArg: true } as const

/** Options of the training recipe, with the defaults that everything else in the program has too. */
export const recipeOptions = {
  epochs: { ...number, demandOption: true, describe: 'Passes over the training images' },
  batch: { ...number, default: 64, describe: 'Images in a step' },
  resolution: { ...number, describe: "Side of the square input, pixels; default: the images' own side if the first one is square and at most 224, else 224" },
  'learning-rate': { ...number, default: 0.1, describe: 'Peak rate: linear warm-up to it, then cosine to 0' },
  'weight-decay': { ...number, default: 5e-4, describe: 'Of convolutions and the fully connected layer' },
  'label-smoothing': { ...number, default: 0.1, describe: 'Share of a label that is spread over all classes' },
  warmup: { ...number, default: 0.05, describe: 'Share of all steps spent in warm-up' },
  augmentation: { choices: augmentations, default: augmentations[0], describe: 'What is done to training images; pad-crop suits small ones, original-resized-crop decodes them anew each time' },
  precision: { choices: precisionChoices, default: 'float32', describe: 'Number format of the passes; auto: the fastest that the device has' },
  seed: { ...number, default: 0, describe: 'Initial weights, order and augmentation of the images' },
} as const satisfies Record<string, Options>

const integers = {
  epochs: [1, 100_000],
  batch: [1, 65_536],
  resolution: [8, 4096],
  seed: seeds,
} as const

const reals = {
  learningRate: [0, 1000],
  weightDecay: [0, 1],
  labelSmoothing: [0, 0.999],
  warmup: [0, 1],
} as const

/** The recipe, checked. @throws UsageError naming the option */
export function recipeOf(given: RecipeArguments, resolution: number): TrainingRecipe {
  const { epochs, batch, learningRate, weightDecay, labelSmoothing, warmup, augmentation, precision, seed } = given
  const recipe = { epochs, batch, resolution, learningRate, weightDecay, labelSmoothing, warmup, augmentation, precision, seed } as TrainingRecipe
  for (const [key, range] of Object.entries(integers)) requireInteger(key, recipe[key as keyof typeof integers], range)
  for (const [key, range] of Object.entries(reals)) requireNumber(key, recipe[key as keyof typeof reals], range)
  return recipe
}
