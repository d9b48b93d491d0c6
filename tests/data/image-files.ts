import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { onTestFinished } from 'vitest'

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-data-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** Smooth colour gradient, different for each number, so that JPEG keeps it within a few grey levels. */
export function gradient(width: number, height: number, number = 0): Uint8Array {
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels.set([Math.round((x * 255) / width), Math.round((y * 255) / height), (number * 37) % 256], (y * width + x) * 3)
    }
  }
  return pixels
}

export function image(width: number, height: number, number = 0): Sharp {
  return sharp(gradient(width, height, number), { raw: { width, height, channels: 3 } })
}

export const jpeg = (width: number, height: number, number = 0): Promise<Buffer> =>
  image(width, height, number).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer()

/** An ImageNet-layout folder of JPEG files with different contents. */
export async function imageNetFolder(shape: { classes: string[]; train: number; val: number; side?: number }): Promise<string> {
  const folder = temporaryFolder()
  let number = 0
  for (const name of shape.classes) {
    for (const split of ['train', 'val'] as const) {
      for (let index = 0; index < shape[split]; index++) {
        writeFiles(folder, { [`${split}/${name}/${name}_${index}.JPEG`]: await jpeg(shape.side ?? 16, shape.side ?? 16, number++) })
      }
    }
  }
  return folder
}
