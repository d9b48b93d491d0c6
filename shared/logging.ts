import { destination, pino, stdTimeFunctions, type Logger } from 'pino'

/**
 * Structured logs on stderr, one JSON object a line; stdout belongs to a command's results. Synchronous, so that the last
 * line before a crash is there.
 */
export function createLogger(role: string, verbose: boolean): Logger {
  return pino(
    { level: verbose ? 'debug' : 'info', base: { role, pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
