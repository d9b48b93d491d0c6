import { ServerCredentials, credentials, type ChannelCredentials, type ChannelOptions, type ServerInterceptor } from '@grpc/grpc-js'
import { accessInterceptor } from './access-interceptor.js'
import { accessRules } from './access.js'
import { coordinatorServerName } from './role.js'
import type { TlsMaterial } from './tls-material.js'

/** What a gRPC server is made with: `new Server({ ...options, interceptors })` and `bindAsync(address, credentials)`. */
export interface ServerSecurity {
  readonly credentials: ServerCredentials
  readonly interceptors: ServerInterceptor[]
}

/**
 * With TLS every client shows a certificate of the authority, and calls only what its role may. Without (null), for the
 * loopback or a network that is trusted, everybody may call everything.
 */
export function serverSecurity(tls: TlsMaterial | null): ServerSecurity {
  if (tls === null) return { credentials: ServerCredentials.createInsecure(), interceptors: [] }
  const pair = { private_key: tls.key, cert_chain: tls.certificate }
  return { credentials: ServerCredentials.createSsl(tls.ca, [pair], true), interceptors: [accessInterceptor(accessRules)] }
}

/** What a gRPC client is made with: `new Client(target, credentials, { ...others, ...options })`. */
export interface ClientSecurity {
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

/** @param serverName the name that the coordinator's certificate must have; null = the host that is connected to */
export function clientSecurity(tls: TlsMaterial | null, serverName: string | null = coordinatorServerName): ClientSecurity {
  if (tls === null) return { credentials: credentials.createInsecure(), options: {} }
  const options = serverName === null ? {} : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }
  return { credentials: credentials.createSsl(tls.ca, tls.key, tls.certificate), options }
}
