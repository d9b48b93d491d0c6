import { CancelledError } from '../../shared/errors.js'
import { printStatus } from '../output.js'

/**
 * Runs work that Ctrl-C or SIGTERM ends in order; a second signal ends the process at once.
 * @returns null where it was interrupted: then the exit code is 130
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    return await work(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
    printStatus(`nasoa: ${error instanceof CancelledError ? error.message : 'interrupted'}`)
    process.exitCode = 130
    return null
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
