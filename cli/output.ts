import { InvalidInputError, NasoaError, messageOf } from '../shared/errors.js'

/** Options every command has. */
export interface GlobalOptions {
  readonly json: boolean
  readonly verbose: boolean
}

/** One JSON document (or one line of a JSON-lines stream) on stdout, the only thing that `--json` writes there. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** A progress or log line for people, on stderr. */
export function printStatus(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Reports what ended a command and returns the exit code: 1 = failure, 2 = wrong usage or invalid input. */
export function reportError(error: unknown, options: GlobalOptions): 1 | 2 {
  const known = error instanceof NasoaError ? error : null
  const code = known?.code ?? 'internal'
  process.stderr.write(`nasoa: ${messageOf(error)}\n`)
  if (options.verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  if (options.json) printJson({ error: { code, message: messageOf(error), ...known?.details } })
  return known?.exitCode ?? 1
}

/** Wrong usage of the command line. */
export class UsageError extends InvalidInputError {
  override readonly code = 'usage'
}
