import { readSize } from './decode.js'
import type { ImageSize } from './crop-box.js'
import type { ImageCollection, ImageLocation } from './image-collection.js'
import { readImage } from './read-image.js'

const largest = 224

async function sizeOf(directory: string, image: ImageLocation): Promise<ImageSize | null> {
  try {
    return await readSize(await readImage(directory, image))
  } catch {
    return null
  }
}

/** Resolution to train at where none was asked for: the side of the first readable training image if that is square and at most 224, else 224. */
export async function naturalResolution(folder: ImageCollection): Promise<number> {
  for (const { train } of folder.classes) {
    for (const image of train) {
      const size = await sizeOf(folder.directory, image)
      if (size !== null) return size.width === size.height && size.width <= largest ? size.width : largest
    }
  }
  return largest
}
