import { writeFileSync } from 'node:fs'
import { type Pack, pack } from 'tar-stream'

export interface TarEntry {
  readonly name: string
  readonly content?: string | Uint8Array
  readonly type?: 'file' | 'symlink' | 'directory' | 'fifo'
  readonly linkname?: string
}

/** Bytes of a tar archive with these entries, in this order. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive: Pack = pack()
  const chunks: Buffer[] = []
  archive.on('data', (chunk) => void chunks.push(chunk as Buffer))
  const ended = new Promise<void>((resolve) => archive.on('end', () => resolve()))
  for (const { name, content = '', type = 'file', linkname } of entries) {
    archive.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, type === 'file' ? Buffer.from(content) : '')
  }
  archive.finalize()
  await ended
  return Buffer.concat(chunks)
}

export async function writeTar(path: string, entries: readonly TarEntry[]): Promise<string> {
  writeFileSync(path, await tarOf(entries))
  return path
}

/** Puts another size into the header that starts at an offset, with a right checksum. */
export function withSize(archive: Buffer, headerAt: number, size: bigint): Buffer {
  const changed = Buffer.from(archive)
  const field = changed.subarray(headerAt + 124, headerAt + 136)
  // Base-256, GNU's way to write what eleven octal digits cannot.
  field.fill(0)
  field[0] = 0x80
  field.writeBigUInt64BE(size, 4)
  changed.fill(0x20, headerAt + 148, headerAt + 156)
  const sum = changed.subarray(headerAt, headerAt + 512).reduce((total, byte) => total + byte, 0)
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, headerAt + 148, 'latin1')
  return changed
}
