import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError } from '../../../shared/errors.js'
import type { ImageCollection, SkippedImage } from '../image-collection.js'
import { classImages, isImageName } from '../image-folder.js'
import { validationLabels } from './validation-labels.js'

/** Folders of the images, from the data folder: by hand, as ILSVRC's archives are called, and Kaggle's edition. */
const places = [
  { train: 'train', val: 'val' },
  { train: 'ILSVRC2012_img_train', val: 'ILSVRC2012_img_val' },
  { train: 'ILSVRC/Data/CLS-LOC/train', val: 'ILSVRC/Data/CLS-LOC/val' },
] as const

type Place = (typeof places)[number]

async function flatImages(directory: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => !entry.isDirectory() && isImageName(entry.name)).map(({ name }) => name).sort()
}

async function classFolders(directory: string, folder: string): Promise<Map<string, string[]>> {
  const found = await classImages(join(directory, folder))
  if (found.size > 0) return found
  throw new InvalidInputError(
    `${JSON.stringify(join(directory, folder))} holds no folders of images: unpack each class's archive of ILSVRC2012_img_train.tar (n01440764.tar ...) into a folder of its name`,
    { directory },
  )
}

/**
 * ImageNet as ILSVRC gives it out: training images in folders named by wnid, validation images flat in one folder, their labels
 * in a file. Validation images of classes that have no training folder are left out. Null where `val` is not flat.
 * @throws InvalidInputError that says what is missing
 */
export async function readIlsvrcFolder(directory: string): Promise<ImageCollection | null> {
  for (const place of places) {
    const images = await flatImages(directory, place.val)
    if (images.length > 0) return collect(directory, place, images)
  }
  return null
}

async function collect(directory: string, place: Place, images: readonly string[]): Promise<ImageCollection> {
  const train = await classFolders(directory, place.train)
  const labelOf = await validationLabels(directory)
  const val = new Map([...train.keys()].map((name) => [name, [] as string[]]))
  const skipped: SkippedImage[] = []
  for (const image of images) {
    const label = labelOf(image)
    if (label === undefined) skipped.push({ path: `${place.val}/${image}`, reason: 'the label files say nothing of it' })
    else val.get(label)?.push(image)
  }
  const classes = [...train.keys()].sort().map((name) => ({
    name,
    train: (train.get(name) ?? []).map((image) => ({ path: `${place.train}/${name}/${image}` })),
    val: (val.get(name) ?? []).map((image) => ({ path: `${place.val}/${image}` })),
  }))
  const without = classes.find((entry) => entry.val.length === 0)
  if (without !== undefined) {
    throw new InvalidInputError(`${JSON.stringify(join(directory, place.val))} has no image of class ${JSON.stringify(without.name)}, which has training images`, { directory })
  }
  return { directory, layout: 'ilsvrc', classes, skipped }
}
