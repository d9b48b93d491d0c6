/**
 * Errors are typed by what the caller should do next, not by where they arose.
 * A message is one line that says what is wrong, where, and what to do about it.
 */
export abstract class NasoaError extends Error {
  /** Stable, machine-readable identifier, printed by `--json`. */
  abstract readonly code: string
  /** Exit code of a command that ends with this error: 1 = failed, 2 = the input must change. */
  abstract readonly exitCode: 1 | 2
  /** Facts for machines, printed by `--json` beside code and message. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.details = details
  }
}

/** The input (argument, file, config, encoding, message) is wrong: change it, do not retry. */
export class InvalidInputError extends NasoaError {
  readonly code: string = 'invalid_input'
  readonly exitCode = 2
}

/** The machine lacks something (a compiler, disk space, a native library): mend the machine, then retry. */
export class EnvironmentError extends NasoaError {
  readonly code: string = 'environment'
  readonly exitCode = 1
}

/** Something needed is away for the moment (coordinator, registry, store): retry later, with backoff. */
export class UnavailableError extends NasoaError {
  readonly code: string = 'unavailable'
  readonly exitCode = 1
}

/** The caller no longer holds what it speaks for (a lease, a leadership): stop that work, do not retry. */
export class StaleTokenError extends NasoaError {
  readonly code: string = 'stale_token'
  readonly exitCode = 1
}

/** What was asked for does not exist (any more). */
export class NotFoundError extends NasoaError {
  readonly code: string = 'not_found'
  readonly exitCode = 2
}

/** The caller or a signal ended the work; results so far are kept. */
export class CancelledError extends NasoaError {
  readonly code: string = 'cancelled'
  readonly exitCode = 1
}

/** Message of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
}
