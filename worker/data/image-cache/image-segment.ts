import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { ResizedImage } from '../resized-image.js'

/** Which file an image was decoded from: another size or time of change means another image. */
export interface ImageOrigin {
  /** From the data folder, as in the manifest. */
  readonly path: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
}

/** Where the pixels of a resized image are. */
export interface StoredImage {
  readonly file: string
  readonly offset: number
  readonly width: number
  readonly height: number
  /** CRC-32 of the pixels. */
  readonly checksum: number
}

/*
 * A segment is one file: the pixels of one image after the other, then the index as JSON, then a trailer that tells the index's
 * length and hash. A file that was cut off has no trailer; one that was damaged fails a hash.
 */
const magic = Buffer.from('nasoaimg')
const trailerBytes = magic.length + 8 + 32

const count = z.int().min(0)
const indexSchema = z.array(
  z.tuple([z.string(), count, z.number(), count, z.int().min(1), z.int().min(1), count]),
)
type IndexEntry = z.output<typeof indexSchema>[number]

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

/** Writes a segment from front to back. By `writeFile`, which goes on where a write took a part only, as on a disk that fills up. */
export class SegmentWriter {
  private readonly entries: IndexEntry[] = []
  private offset = 0

  private constructor(private readonly file: FileHandle) {}

  /** @param path a new file */
  static async create(path: string): Promise<SegmentWriter> {
    return new SegmentWriter(await open(path, 'wx'))
  }

  /** Bytes of pixels so far. */
  get bytes(): number {
    return this.offset
  }

  async append({ path, bytes, modifiedMs }: ImageOrigin, { width, height, pixels }: ResizedImage): Promise<void> {
    await this.file.writeFile(pixels)
    this.entries.push([path, bytes, modifiedMs, this.offset, width, height, crc32(pixels)])
    this.offset += pixels.byteLength
  }

  /** Writes index and trailer, and closes the file. */
  async finish(): Promise<void> {
    const index = Buffer.from(JSON.stringify(this.entries))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(index.length))
    await this.file.writeFile(Buffer.concat([index, magic, length, sha256(index)]))
    await this.file.close()
  }

  /** Closes the file as it is. */
  async abandon(): Promise<void> {
    await this.file.close()
  }
}

/**
 * The images of a segment; their pixels are not looked at.
 * @throws Error where the file is none, or is cut off or damaged
 */
export async function readSegmentIndex(path: string): Promise<readonly { readonly origin: ImageOrigin; readonly stored: StoredImage }[]> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const trailer = await readAt(file, size - trailerBytes, trailerBytes)
    const indexBytes = Number(trailer.readBigUInt64LE(magic.length))
    const pixelBytes = size - trailerBytes - indexBytes
    if (!trailer.subarray(0, magic.length).equals(magic) || pixelBytes < 0) throw new Error('it has no trailer')
    const index = await readAt(file, pixelBytes, indexBytes)
    if (!sha256(index).equals(trailer.subarray(magic.length + 8))) throw new Error('its index has another hash')
    return indexSchema.parse(JSON.parse(index.toString())).map(([origin, bytes, modifiedMs, offset, width, height, checksum]) => {
      if (offset + width * height * 3 > pixelBytes) throw new Error('an image lies outside')
      return { origin: { path: origin, bytes, modifiedMs }, stored: { file: path, offset, width, height, checksum } }
    })
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  if (offset < 0) throw new Error('it is too short')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset)
  if (bytesRead < bytes) throw new Error('it is cut off')
  return buffer
}
