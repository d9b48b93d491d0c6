import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open as openFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DamagedCheckpointError } from './artifact-store.js'

/**
 * Writes a stream into a file: it has another name until all of it is on the disk.
 * @param open opens the stream when there is somewhere to write it, so that no failure of it goes unheard
 * @throws DamagedCheckpointError where the content has another SHA-256; then nothing is written
 */
export async function writeWhole(open: () => Promise<Readable>, file: string, sha256: string): Promise<void> {
  const part = `${file}.${randomUUID()}.part`
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    await mkdir(dirname(file), { recursive: true })
    await pipeline(await open(), hashing, createWriteStream(part))
    if (hash.digest('hex') !== sha256) throw new DamagedCheckpointError(`the checkpoint for ${file} is damaged: its SHA-256 is not ${sha256}`, { file })
    await sync(part)
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

async function sync(file: string): Promise<void> {
  const handle = await openFile(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
