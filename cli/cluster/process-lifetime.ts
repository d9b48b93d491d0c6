import { printStatus } from '../output.js'

/** Why a long-running process is to end. */
export type EndRequest = 'interrupted' | 'terminated' | 'abandoned'

/**
 * Resolves when this process is asked to end: by a signal, or because the process that started it with a channel is gone.
 * A second signal ends it at once.
 */
export function endRequested(): Promise<EndRequest> {
  return new Promise((resolve) => {
    let asked = false
    const ask = (request: EndRequest, code: number): void => {
      if (asked) process.exit(code)
      asked = true
      if (request !== 'abandoned') printStatus('ending in order; once more to end at once')
      resolve(request)
    }
    // A file that may not grow further fails its write (EFBIG), which is waited out like a full disk. Node ignores the signal
    // that comes with it, but the package `signal-exit` does not: without another listener it ends the process.
    process.on('SIGXFSZ', () => undefined)
    process.on('SIGINT', () => ask('interrupted', 130))
    process.on('SIGTERM', () => ask('terminated', 143))
    // Without its parent nobody would end it. It has asked once already if a signal came before: then that goes on.
    process.once('disconnect', () => asked || ask('abandoned', 1))
    // Listening must not keep a process alive that has nothing left to do.
    process.channel?.unref()
  })
}
