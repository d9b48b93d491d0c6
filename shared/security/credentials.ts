import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js'
import { coordinatorServerName } from './role.js'
import type { TlsMaterial } from './tls-material.js'

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
