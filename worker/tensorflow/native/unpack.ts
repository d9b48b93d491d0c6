import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Entry, type ZipFile, openPromise } from 'yauzl'
import { hashMismatch } from './checksum.js'
import { HashMismatchError } from './errors.js'
import type { PinnedFile } from './release.js'

/**
 * Unpacks the pinned files and all entries below the header folders from a wheel, paths kept, as a stream.
 * @throws HashMismatchError if a pinned file is missing or differs
 */
export async function unpackWheel(
  wheel: string,
  pinned: readonly PinnedFile[],
  headers: readonly string[],
  target: string,
): Promise<void> {
  const missing = new Map(pinned.map(file => [file.entry, file]))
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      const file = missing.get(entry.fileName)
      if (file === undefined && !isBelow(headers, entry.fileName)) continue
      const actual = await unpackEntry(zip, entry, join(target, entry.fileName))
      if (file !== undefined && actual !== file.sha256) throw hashMismatch(join(target, file.entry), file.sha256, actual)
      missing.delete(entry.fileName)
    }
  } finally {
    zip.close()
  }
  if (missing.size > 0) throw new HashMismatchError(`${wheel} lacks ${[...missing.keys()].join(', ')}: run \`nasoa setup --force\``)
}

/** A file that was unpacked: its path in the wheel, its size and hash. */
export interface UnpackedFile {
  readonly entry: string
  readonly bytes: number
  readonly sha256: string
}

/** Unpacks all entries of a wheel whose path matches, paths kept, as a stream. */
export async function unpackMatching(wheel: string, wanted: RegExp, target: string): Promise<UnpackedFile[]> {
  const files: UnpackedFile[] = []
  const zip = await openPromise(wheel, { lazyEntries: true, autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      if (!wanted.test(entry.fileName)) continue
      const sha256 = await unpackEntry(zip, entry, join(target, entry.fileName))
      files.push({ entry: entry.fileName, bytes: entry.uncompressedSize, sha256 })
    }
  } finally {
    zip.close()
  }
  return files
}

function isBelow(folders: readonly string[], path: string): boolean {
  return !path.endsWith('/') && folders.some(folder => path.startsWith(folder))
}

async function unpackEntry(zip: ZipFile, entry: Entry, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const source: Readable = await zip.openReadStreamPromise(entry)
  const hash = createHash('sha256')
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(source, tap, createWriteStream(path))
  return hash.digest('hex')
}
