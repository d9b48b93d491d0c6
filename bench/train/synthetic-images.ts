import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { type Rng, createRng } from '../../shared/rng.js'

const classes = 4

/** Runs `body` with a folder of JPEGs in the ImageNet layout, made from a seed; the folder is gone afterwards. */
export async function withSyntheticImages<T>(side: number, count: number, body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'nasoa-bench-'))
  try {
    await writeImages(directory, side, count)
    return await body(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Small ones as Tiny ImageNet has them (64 x 64), else of ImageNet's usual size: 500 x 375 and about 100 KB. */
async function writeImages(directory: string, side: number, count: number): Promise<void> {
  const [width, height] = side < 128 ? [side, side] : [500, 375]
  const rng = createRng(0)
  for (const part of ['train', 'val']) {
    for (let label = 0; label < classes; label++) {
      await mkdir(join(directory, part, `class${label}`), { recursive: true })
      const images = part === 'train' ? Math.ceil(count / classes) : 1
      for (let index = 0; index < images; index++) await writeImage(join(directory, part, `class${label}`, `${index}.JPEG`), width, height, rng)
    }
  }
}

/** Noise at three scales: detail enough that decoding costs what it costs with photographs. */
async function writeImage(path: string, width: number, height: number, rng: Rng): Promise<void> {
  const layer = async (shrink: number): Promise<Buffer> => {
    const [w, h] = [Math.ceil(width / shrink), Math.ceil(height / shrink)]
    const pixels = Uint8Array.from({ length: w * h * 3 }, () => rng.integer(256))
    return sharp(pixels, { raw: { width: w, height: h, channels: 3 } }).resize(width, height, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer()
  }
  const [coarse, middle, fine] = [await layer(64), await layer(12), await layer(3)]
  const mixed = coarse.map((value, index) => 0.6 * value + 0.25 * middle[index] + 0.15 * fine[index])
  await sharp(mixed, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 }).toFile(path)
}
