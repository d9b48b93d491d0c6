import type { Options } from 'yargs'
import type { GlobalOptions } from '../output.js'
import { type RecipeArguments, recipeOptions } from './recipe-options.js'

/** What `nasoa train` parses to. */
export interface TrainArguments extends GlobalOptions, RecipeArguments {
  readonly encoding: string
  readonly data: string
  readonly classes: number | undefined
  readonly imagesPerClass: number | undefined
  readonly validationImagesPerClass: number | undefined
  readonly subsetSeed: number
  readonly unreadableLimit: number
  readonly timeLimit: string | undefined
  readonly threads: number | undefined
  readonly output: string | undefined
  readonly resume: boolean
}

const count = { type: 'number', requiresArg: true } as const
const text = { type: 'string', requiresArg: true } as const

export const trainOptions = {
  data: { ...text, demandOption: true, describe: 'Images: {train,val}/<class>/*.JPEG, ILSVRC, or tar shards; builtin:digits for handwritten digits' },
  ...recipeOptions,
  classes: { ...count, describe: 'Use only so many classes, chosen by --subset-seed' },
  'images-per-class': { ...count, describe: 'Use only so many training images of each class' },
  'validation-images-per-class': { ...count, describe: 'Use only so many validation images of each class' },
  'subset-seed': { ...count, default: 0, describe: 'Chooses classes and images' },
  'unreadable-limit': { ...count, default: 0.1, describe: 'Largest share of unreadable image files before the training fails' },
  'time-limit': { ...text, describe: 'End as timed_out after so long, such as 90s or 2h' },
  threads: { ...count, describe: 'Processor threads; default: all' },
  output: { ...text, describe: 'Folder for checkpoints; default: one in ./nasoa-train, named after network, images and recipe' },
  resume: { type: 'boolean', default: false, describe: 'Continue from the last checkpoint in the output folder' },
} as const satisfies Record<string, Options>
