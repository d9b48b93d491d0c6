import { join } from 'node:path'
import Database from 'libsql'
import { UnavailableError, messageOf } from '../../shared/errors.js'

/**
 * Keeps a second coordinator out of a search's folder. The lock is one of the operating system's, held through an open
 * transaction: it goes with the process however that ends, so a killed coordinator can be started again at once.
 * @throws UnavailableError when another process holds it
 */
export function lockDirectory(directory: string): { release(): void } {
  const file = join(directory, 'coordinator.lock')
  const database = new Database(file)
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!/locked|busy/i.test(messageOf(error))) throw error
    throw new UnavailableError(`another coordinator works in ${directory}: stop it, or choose another folder`, { directory })
  }
  return { release: () => database.close() }
}
