import sharp from 'sharp'
import { temporaryFolder, writeFiles } from '../data/image-files.js'

/** Two classes that a network learns within a few steps: reddish and bluish noise, as real JPEG files. */
export async function colouredClasses(side: number, train: number, val: number): Promise<string> {
  const folder = temporaryFolder()
  for (const [name, colour] of Object.entries({ blue: [60, 60, 200], red: [200, 60, 60] })) {
    for (const [split, count] of Object.entries({ train, val })) {
      for (let index = 0; index < count; index++) {
        const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) => colour[at % 3] + ((at * 31 + index * 17) % 40))
        const file = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } }).jpeg().toBuffer()
        writeFiles(folder, { [`${split}/${name}/${index}.JPEG`]: file })
      }
    }
  }
  return folder
}
