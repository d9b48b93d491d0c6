import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import type { AttemptReference } from '../../shared/cluster/attempt.js'
import { EnvironmentError, UnavailableError, messageOf } from '../../shared/errors.js'
import { writeDurably } from '../durable-file.js'

/** Longest time after which the lock of a killed worker is taken over. */
const lockStaleMs = 5_000

/**
 * What a worker keeps on its disk: who it is (worker-id), results it could not deliver yet (outbox/), and what its trainings
 * write (attempts/). One worker at a time.
 */
export class WorkFolder {
  private constructor(
    readonly path: string,
    /** Stays the same as long as the folder does. */
    readonly workerId: string,
    private readonly unlock: () => Promise<void>,
  ) {}

  /** @throws UnavailableError when another worker uses the folder; EnvironmentError when it cannot be written */
  static async open(path: string): Promise<WorkFolder> {
    try {
      mkdirSync(path, { recursive: true })
      const unlock = await lock(path)
      return new WorkFolder(path, identity(join(path, 'worker-id')), unlock)
    } catch (error) {
      if (error instanceof UnavailableError) throw error
      throw new EnvironmentError(`the folder ${path} cannot be used (${messageOf(error)}): make it writable, with room on its disk, or name another with --work`, { path }, { cause: error })
    }
  }

  /** Undelivered results of one search. */
  outbox(searchId: string): string {
    return join(this.path, 'outbox', searchId)
  }

  /** Where an attempt's training writes. */
  attempt(searchId: string, { jobId, token }: AttemptReference): string {
    return join(this.path, 'attempts', searchId, `${jobId}-${token}`)
  }

  /** Removes what attempts of other searches have left. Undelivered results stay: their search may come back. */
  removeOtherAttempts(searchId: string): void {
    const attempts = join(this.path, 'attempts')
    if (!existsSync(attempts)) return
    for (const other of readdirSync(attempts)) {
      if (other !== searchId) rmSync(join(attempts, other), { recursive: true, force: true })
    }
  }

  removeAttempt(searchId: string, attempt: AttemptReference): void {
    rmSync(this.attempt(searchId, attempt), { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.unlock()
  }
}

function identity(file: string): string {
  if (!existsSync(file)) writeDurably(file, randomUUID())
  return readFileSync(file, 'utf8').trim()
}

async function lock(path: string): Promise<() => Promise<void>> {
  try {
    // A killed worker's lock goes stale; one that is started again at once waits that long.
    const retries = { retries: Math.ceil(lockStaleMs / 250) + 4, factor: 1, minTimeout: 250, maxTimeout: 250 }
    return await lockfile.lock(path, { stale: lockStaleMs, update: lockStaleMs / 4, retries, onCompromised: lostLock })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
    throw new UnavailableError(`another worker uses the folder ${path}: stop it, or give this one its own with --work`, { path })
  }

  function lostLock(error: Error): void {
    throw new EnvironmentError(`the lock of the work folder ${path} was lost (${error.message}): is another worker using it?`, { path })
  }
}
