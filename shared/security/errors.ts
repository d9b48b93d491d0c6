import { EnvironmentError, InvalidInputError } from '../errors.js'

/** A certificate or key that cannot be used: unreadable, expired, of another authority, for another purpose. */
export class CertificateError extends EnvironmentError {
  override readonly code = 'certificate'
}

/** A file that must not be overwritten is there. */
export class FileExistsError extends InvalidInputError {
  override readonly code = 'file_exists'
}
