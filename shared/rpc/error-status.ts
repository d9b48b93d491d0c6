import { status, type ServiceError } from '@grpc/grpc-js'
import {
  CancelledError,
  EnvironmentError,
  InvalidInputError,
  type NasoaError,
  NotFoundError,
  StaleTokenError,
  UnavailableError,
  messageOf,
} from '../errors.js'
import { PermissionDeniedError, RemoteFailureError } from './errors.js'

type ErrorType = new (message: string, details?: Readonly<Record<string, unknown>>, options?: ErrorOptions) => NasoaError

/** Each kind of error and its status on the wire. Read in both directions, so the first line of a status is what it comes back as. */
const kinds: readonly (readonly [ErrorType, status])[] = [
  [InvalidInputError, status.INVALID_ARGUMENT],
  [NotFoundError, status.NOT_FOUND],
  [StaleTokenError, status.ABORTED],
  [EnvironmentError, status.FAILED_PRECONDITION],
  [UnavailableError, status.UNAVAILABLE],
  [CancelledError, status.CANCELLED],
  [PermissionDeniedError, status.PERMISSION_DENIED],
  [RemoteFailureError, status.INTERNAL],
]

/** Statuses that only the library or the network gives. */
const foreign: readonly (readonly [status, ErrorType])[] = [
  [status.DEADLINE_EXCEEDED, UnavailableError],
  [status.RESOURCE_EXHAUSTED, UnavailableError],
  [status.UNAUTHENTICATED, PermissionDeniedError],
  [status.OUT_OF_RANGE, InvalidInputError],
  [status.UNIMPLEMENTED, EnvironmentError],
]

const longestMessage = 2_000

/** What a server answers with for an error of its own. */
export function toStatus(error: unknown): { readonly code: status; readonly details: string } {
  const kind = kinds.find(([type]) => error instanceof type)
  return { code: kind?.[1] ?? status.INTERNAL, details: messageOf(error).slice(0, longestMessage) }
}

/** What a client makes of a call that failed. */
export function fromServiceError(error: ServiceError, target: string): NasoaError {
  const Type = kinds.find(([, code]) => code === error.code)?.[0] ?? foreign.find(([code]) => code === error.code)?.[1] ?? RemoteFailureError
  const message = Type === UnavailableError ? `${target} does not answer: ${reason(error)}` : reason(error)
  return new Type(message, { status: status[error.code] }, { cause: error })
}

function reason({ details, message }: ServiceError): string {
  return details || message
}
