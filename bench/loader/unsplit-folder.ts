import type { ImageCollection } from '../../worker/data/image-collection.js'
import { classImages } from '../../worker/data/image-folder.js'

/** Folders of classes that are not split into train and val: every image counts as both, since here only its decoding matters. */
export async function readUnsplitFolder(directory: string): Promise<ImageCollection> {
  const found = [...(await classImages(directory))].sort(([a], [b]) => (a < b ? -1 : 1))
  const classes = found.map(([name, files]) => {
    const paths = files.map((file) => `${name}/${file}`)
    // A loader keeps what it knows by path, and takes for granted that no image is in both splits.
    return { name, train: paths.map((path) => ({ path })), val: paths.map((path) => ({ path: `./${path}` })) }
  })
  return { directory, layout: 'class-folders', classes, skipped: [] }
}
