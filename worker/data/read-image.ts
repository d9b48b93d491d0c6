import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageLocation } from './image-collection.js'

/** Some bytes of a file in one read. Throws where they are not all there. */
export async function readRange(path: string, offset: number, bytes: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(bytes), 0, bytes, offset)
    if (bytesRead < bytes) throw new Error(`only ${bytesRead} of ${bytes} bytes could be read`)
    return buffer
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path)
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

/** The encoded image, wherever it is: a loader of small images lives off few system calls, so give the size where it is known. */
export async function readImage(directory: string, { path, range }: ImageLocation, knownBytes?: number): Promise<Buffer> {
  if (range !== undefined) return readRange(join(directory, range.file), range.offset, range.bytes)
  const bytes = knownBytes ?? (await sizeOf(join(directory, path)))
  if (bytes === 0) throw new Error('the file is empty or gone')
  return readRange(join(directory, path), 0, bytes)
}
