import { mkdir } from 'node:fs/promises'
import lockfile from 'proper-lockfile'
import { EnvironmentError, messageOf } from '../../../shared/errors.js'

const pollMs = 500
/** Longer than any set-up over a slow line; a holder that died is noticed after `staleMs` already. */
const longestWaitMs = 60 * 60_000
const staleMs = 30_000

/**
 * Does work while no other process (or other call) holds a lock on any of the folders; they are made if missing.
 * @throws EnvironmentError if a folder cannot be locked
 */
export async function withLocks<T>(folders: readonly string[], progress: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const [folder, ...others] = folders
  if (folder === undefined) return work()
  const release = await acquire(folder, progress)
  try {
    return await withLocks(others, progress, work)
  } finally {
    await release()
  }
}

async function acquire(folder: string, progress: (line: string) => void): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true })
    return await lock(folder, 0).catch((error: unknown) => {
      if (!isHeld(error)) throw error
      progress('waiting for another process that sets TensorFlow up')
      return lock(folder, longestWaitMs / pollMs)
    })
  } catch (error) {
    const advice = isHeld(error) ? 'another set-up holds it' : 'make it writable, or name a cache folder you own in NASOA_CACHE'
    throw new EnvironmentError(`cannot lock ${folder} (${messageOf(error)}): ${advice}`, { folder }, { cause: error })
  }
}

function lock(folder: string, retries: number): Promise<() => Promise<void>> {
  const options = { stale: staleMs, retries: { retries, factor: 1, minTimeout: pollMs, maxTimeout: pollMs } }
  return lockfile.lock(folder, options)
}

function isHeld(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ELOCKED'
}
