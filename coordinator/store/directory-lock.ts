import { join } from 'node:path'
import Database from 'libsql'
import { UnavailableError, messageOf } from '../../shared/errors.js'

/** `with others`: coordinators that elect a leader may have the folder open together; the store refuses all but the leader. */
export type Sharing = 'alone' | 'with others'

/** An open transaction holds the lock: reading shares it, EXCLUSIVE does not. */
const statements: Record<Sharing, string> = {
  alone: 'BEGIN EXCLUSIVE',
  'with others': 'BEGIN; SELECT count(*) FROM sqlite_master',
}

/**
 * Keeps a second coordinator out of a search's folder. The lock is one of the operating system's, held through an open
 * transaction: it goes with the process however that ends, so a killed coordinator can be started again at once.
 * @throws UnavailableError when another process holds it
 */
export function lockDirectory(directory: string, sharing: Sharing): { release(): void } {
  const file = join(directory, 'coordinator.lock')
  const database = new Database(file)
  try {
    database.exec(`PRAGMA busy_timeout = 0; ${statements[sharing]}`)
  } catch (error) {
    database.close()
    if (!/locked|busy/i.test(messageOf(error))) throw error
    throw new UnavailableError(`another coordinator works in ${directory}: stop it, or choose another folder`, { directory })
  }
  return { release: () => database.close() }
}
