import { ConstantBackoff, noop } from 'cockatiel'
import { Etcd3, EtcdLeaseInvalidError, type IOptions } from 'etcd3'
import { EnvironmentError, StaleTokenError, messageOf } from '../errors.js'
import { DiscoveryUnavailableError } from './errors.js'

export interface EtcdOptions {
  /** `http://host:port` or `https://host:port`, all of one kind. */
  readonly hosts: readonly string[]
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  /** PEM. */
  readonly tls?: { readonly ca: Buffer; readonly certificate?: Buffer | undefined; readonly key?: Buffer | undefined } | undefined
}

/** Longest time for one call; a frozen server, whose connections stay open, is noticed by it. */
export const callTimeoutMs = 2_000

/**
 * A client without the library's own retries and circuit breaker: callers here repeat at their own pace, and a breaker would
 * keep a lease from being renewed for 5 s after the server has come back.
 */
export function connectEtcd({ hosts, auth, tls }: EtcdOptions): Etcd3 {
  const options: IOptions = {
    hosts: [...hosts],
    grpcOptions: {
      // etcd ends connections that ping more often than every 5 s.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.min_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + callTimeoutMs }),
    faultHandling: { host: () => noop, global: noop, watchBackoff: new ConstantBackoff(500).next() },
    ...(auth && { auth: { username: auth.username, password: auth.password } }),
    ...(tls && { credentials: tlsCredentials(tls) }),
  }
  return new Etcd3(options)
}

function tlsCredentials({ ca, certificate, key }: NonNullable<EtcdOptions['tls']>): NonNullable<IOptions['credentials']> {
  return { rootCertificate: ca, ...(certificate && key && { certChain: certificate, privateKey: key }) }
}

/** Errors of the library that repeating cannot mend. */
const final = /PermissionDenied|AuthenticationFailed|InvalidArgument|NotImplemented/

/**
 * Makes a call and gives its failure a type.
 * @throws StaleTokenError for a lease that etcd does not know (any more), EnvironmentError for missing rights or a server
 * that is none, DiscoveryUnavailableError otherwise
 */
export async function askEtcd<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const message = `etcd cannot ${what}: ${withoutPadding(messageOf(error))}`
    if (error instanceof EtcdLeaseInvalidError) throw new StaleTokenError(message, {}, { cause: error })
    if (error instanceof Error && final.test(error.constructor.name)) throw new EnvironmentError(message, {}, { cause: error })
    throw new DiscoveryUnavailableError(message, {}, { cause: error })
  }
}

/** What gRPC appends although it has nothing to say. */
function withoutPadding(message: string): string {
  return message.replace(/( Last error: null\.)?( Resolution note:\s*)$/, '')
}
