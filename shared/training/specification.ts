/** Which images of an ImageNet-layout folder are used. Resolves to the same manifest and hash on every worker. */
export interface SubsetSpecification {
  /** Number of classes, chosen by seed from the sorted class names; absent = all. */
  readonly classes?: number
  /** Training images per class; absent = all. */
  readonly imagesPerClass?: number
  /** Validation images per class; absent = all. */
  readonly validationImagesPerClass?: number
  readonly seed: number
}

/**
 * resized-crop: a box of area 0.08..1 and aspect ratio 3/4..4/3, from the image as evaluation resizes it, mirrored or not;
 * original-resized-crop: the same from the image at its own size, which has to be decoded each time;
 * pad-crop: mirrored or not, padded by reflection and cut, by up to an eighth of the side.
 */
export type Augmentation = 'resized-crop' | 'original-resized-crop' | 'pad-crop' | 'none'
/** Default first. */
export const augmentations = ['resized-crop', 'original-resized-crop', 'pad-crop', 'none'] as const satisfies readonly Augmentation[]
/** What a network's passes are computed in. */
export type Precision = 'float32' | 'bfloat16' | 'float16'
/** `auto`: the fastest that the device has, chosen by the worker that trains. */
export type PrecisionChoice = Precision | 'auto'
export const precisionChoices = ['float32', 'bfloat16', 'float16', 'auto'] as const satisfies readonly PrecisionChoice[]

/** The training recipe: everything but network and data. SGD, Nesterov momentum 0.9, linear warm-up then cosine to 0. */
export interface TrainingRecipe {
  readonly epochs: number
  readonly batch: number
  /** Side of the square input, pixels. */
  readonly resolution: number
  /** Peak learning rate. */
  readonly learningRate: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  /** Share of all steps spent in linear warm-up, 0..1. */
  readonly warmup: number
  readonly augmentation: Augmentation
  readonly precision: PrecisionChoice
  readonly seed: number
}

/** One training job, complete: what a trainer process needs to know. */
export interface TrainingSpecification {
  readonly encoding: string
  /** Folder of images in any layout that `readCollection` knows, or `builtin:digits`. */
  readonly dataDirectory: string
  readonly subset: SubsetSpecification
  /** Hash of the manifest that the coordinator resolved; a worker whose folder resolves to another refuses the job. Absent = not checked. */
  readonly manifestHash?: string
  readonly recipe: TrainingRecipe
  /** Ends after this epoch, with a result and a checkpoint that the rest can go on from; absent = after the last one. */
  readonly stopAfterEpochs?: number
  /**
   * Name of a training that goes through several sets of images or resolutions: a checkpoint of the same lineage is gone on from,
   * whichever of them it was made on. Absent = images and resolution must be the same.
   */
  readonly lineage?: string
  /** Wall-clock limit of the training, milliseconds; absent = none. */
  readonly timeLimitMs?: number
  /** Largest share of unreadable images before the job fails, 0..1. */
  readonly unreadableLimit: number
}

/** Stands for the demo's digits in place of a data folder: each machine writes them into its own cache. */
export const builtinDigits = 'builtin:digits'
