import type { SubsetSpecification } from '../shared/training/specification.js'

/** What a simulated data folder holds. */
export interface FolderImages {
  readonly classes: number
  readonly trainingPerClass: number
  readonly validationPerClass: number
}

export interface ImageCounts {
  readonly classes: number
  readonly train: number
  readonly validation: number
}

/** What a subset of the simulated folder holds. */
export function countImages(images: FolderImages, subset: { readonly [Key in Exclude<keyof SubsetSpecification, 'seed'>]?: number | undefined }): ImageCounts {
  const classes = Math.min(images.classes, subset.classes ?? Infinity)
  return {
    classes,
    train: classes * Math.min(images.trainingPerClass, subset.imagesPerClass ?? Infinity),
    validation: classes * Math.min(images.validationPerClass, subset.validationImagesPerClass ?? Infinity),
  }
}
