import { NasoaError } from '../../shared/errors.js'

/** One of the programs that are compared cannot do what it was asked; the others go on. */
export class BenchError extends NasoaError {
  readonly code = 'bench'
  readonly exitCode = 1
}
