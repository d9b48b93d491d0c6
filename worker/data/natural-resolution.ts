import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSize } from './decode.js'
import type { ImageSize } from './crop-box.js'
import type { ImageFolder } from './image-folder.js'

const largest = 224

async function sizeOf(path: string): Promise<ImageSize | null> {
  try {
    return await readSize(await readFile(path))
  } catch {
    return null
  }
}

/** Resolution to train at where none was asked for: the side of the first readable training image if that is square and at most 224, else 224. */
export async function naturalResolution(folder: ImageFolder): Promise<number> {
  for (const { name, train } of folder.classes) {
    for (const file of train) {
      const size = await sizeOf(join(folder.directory, 'train', name, file))
      if (size !== null) return size.width === size.height && size.width <= largest ? size.width : largest
    }
  }
  return largest
}
