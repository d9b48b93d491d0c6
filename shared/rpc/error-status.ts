import { status, type ServiceError } from '@grpc/grpc-js'
import {
  EnvironmentError,
  InvalidInputError,
  type NasoaError,
  NotFoundError,
  StaleTokenError,
  UnavailableError,
  messageOf,
} from '../errors.js'
import { CertificateError } from '../security/errors.js'
import { PermissionDeniedError, RemoteFailureError } from './errors.js'

type ErrorType = new (message: string, details?: Readonly<Record<string, unknown>>, options?: ErrorOptions) => NasoaError

/** Each kind of error and its status on the wire. Read in both directions, so the first line of a status is what it comes back as. */
const kinds: readonly (readonly [ErrorType, status])[] = [
  [InvalidInputError, status.INVALID_ARGUMENT],
  [NotFoundError, status.NOT_FOUND],
  [StaleTokenError, status.ABORTED],
  [EnvironmentError, status.FAILED_PRECONDITION],
  [UnavailableError, status.UNAVAILABLE],
  [PermissionDeniedError, status.PERMISSION_DENIED],
  [RemoteFailureError, status.INTERNAL],
]

/** Statuses that only the library or the network gives. */
const foreign: readonly (readonly [status, ErrorType])[] = [
  // Not by this side, which knows when it gives up: a server that shuts down, or something between, has cut the call.
  [status.CANCELLED, UnavailableError],
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

/**
 * Handshakes that fail for a reason that stays, in the words of OpenSSL and Node: asking again does not mend them. What the
 * coordinator refuses it says itself; these are what the client refuses.
 */
const handshakeFailures: readonly (readonly [RegExp, string])[] = [
  [/wrong version number|packet length too long|alert protocol version|alert number 70/i, 'speaks no TLS: leave out --tls, or start it with a certificate'],
  [
    /self[- ]signed certificate|unable to verify the first certificate|unable to get (?:local )?issuer certificate|certificate signature failure/i,
    'shows a certificate of another authority than the one in ca.crt beside yours: is it the coordinator of this cluster?',
  ],
  [/does not match certificate's altnames|unsuitable certificate purpose/i, "shows a certificate that is no coordinator's: is the address right?"],
  [/certificate has expired/i, 'shows a certificate that has expired: issue a new one there with nasoa certs issue --role coordinator'],
]

/** The library's own words (grpc-js, subchannel-call.ts) for a stream that ended without an answer: nobody has failed at the call itself. */
const cutStream = /^Received RST_STREAM with code/

/** What a client makes of a call that failed though it did not give up. */
export function fromServiceError(error: ServiceError, target: string): NasoaError {
  const failure = error.code === status.UNAVAILABLE ? handshakeFailures.find(([pattern]) => pattern.test(reason(error))) : undefined
  if (failure) return new CertificateError(`${target} ${failure[1]}`, { status: status[error.code] }, { cause: error })
  const Type = typeOf(error)
  const message = Type === UnavailableError ? `${target} does not answer: ${reason(error)}` : reason(error)
  return new Type(message, { status: status[error.code] }, { cause: error })
}

function typeOf({ code, details }: ServiceError): ErrorType {
  if (code === status.INTERNAL && cutStream.test(details)) return UnavailableError
  return kinds.find((kind) => kind[1] === code)?.[0] ?? foreign.find((kind) => kind[0] === code)?.[1] ?? RemoteFailureError
}

function reason({ details, message }: ServiceError): string {
  return details || message
}
