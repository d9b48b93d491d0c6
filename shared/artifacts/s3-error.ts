import { EnvironmentError, UnavailableError, messageOf, type NasoaError } from '../errors.js'

/** The parts of an error of the S3 client, or of the network below it, that say what happened. */
interface Failure {
  /** S3's error code where S3 answered. */
  readonly name?: string
  /** The system's, where nobody answered. */
  readonly code?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const isAway = /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|AbortError)$/
const isBusy = /^(SlowDown|Throttling\w*|TooManyRequests\w*|RequestTimeout|InternalError|ServiceUnavailable|OperationAborted)$/

/** What stays wrong however often it is tried: by S3's error code, or the client's. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^(CredentialsProviderError|TokenProviderError)$/, 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE'],
  [/^(InvalidAccessKeyId|SignatureDoesNotMatch)$/, 'the credentials are wrong: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
  [/^(ExpiredToken|ExpiredTokenException|InvalidToken|TokenRefreshRequired)$/, 'the credentials have expired: get new ones'],
  [/^(AccessDenied|Forbidden|AllAccessDisabled|403)$/, 'the credentials may not do that: they must list, read, write and delete objects there'],
  [/^(NoSuchBucket|NotFound)$/, 'there is no such bucket: create it, or correct its name'],
  [/^(PermanentRedirect|AuthorizationHeaderMalformed|301|307)$/, 'the bucket is in another region: set AWS_REGION to it'],
  [/^RequestTimeTooSkewed$/, "this machine's clock is wrong: set it"],
  [/^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+)$/, 'its certificate is not trusted here: name its authority in NODE_EXTRA_CA_CERTS'],
]

/** Typed by what to do next; without its cause, which holds sockets and headers. @param what for example `list s3://bucket/prefix` */
export function s3Failure(error: unknown, what: string): NasoaError {
  const { name = '', code = '', $metadata } = error as Failure
  const status = $metadata?.httpStatusCode ?? 0
  const remedy = remedies.find(([pattern]) => [name, code, String(status)].some((word) => pattern.test(word)))?.[1]
  if (remedy !== undefined) return new EnvironmentError(`cannot ${what}: ${remedy} (${said(error)})`, { s3: name })
  const passes = isAway.test(code) || isAway.test(name) || isBusy.test(name) || status === 429 || status >= 500
  const Type = passes ? UnavailableError : EnvironmentError
  return new Type(`cannot ${what}: ${said(error)}`, { s3: name })
}

/** S3's code, and its message where it has one. */
function said(error: unknown): string {
  const { name, code } = error as Failure
  const message = messageOf(error)
  const short = code ?? (name === 'Error' ? '' : name) ?? ''
  return [short, message === short || message === 'UnknownError' ? '' : message].filter((part) => part !== '').join(': ')
}
