import { NasoaError } from '../errors.js'

/** The other side failed for a reason of its own (a bug there): its log says more; do not retry. */
export class RemoteFailureError extends NasoaError {
  readonly code = 'remote_failure'
  readonly exitCode = 1
}

/** The other side does not let this caller do that: get the credentials or the role for it. */
export class PermissionDeniedError extends NasoaError {
  readonly code = 'permission_denied'
  readonly exitCode = 1
}
