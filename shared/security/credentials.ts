import { credentials, experimental, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js'
import { coordinatorServerName } from './role.js'
import type { TlsMaterial } from './tls-material.js'
import type { WatchedTls } from './watched-tls.js'

/** What a gRPC client is made with: `new Client(target, credentials, { ...others, ...options })`. */
export interface ClientSecurity {
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

/** @param serverName the name that the coordinator's certificate must have; null = the host that is connected to */
export function clientSecurity(tls: TlsMaterial | null, serverName: string | null = coordinatorServerName): ClientSecurity {
  if (tls === null) return { credentials: credentials.createInsecure(), options: {} }
  return { credentials: credentials.createSsl(tls.ca, tls.key, tls.certificate), options: expecting(serverName) }
}

/** The same for a process that outlives its certificate: each new connection is made with what is in the files by then. */
export function followingSecurity(tls: WatchedTls): ClientSecurity {
  const provider = new WatchedProvider(tls)
  return { credentials: experimental.createCertificateProviderChannelCredentials(provider, provider), options: expecting(coordinatorServerName) }
}

function expecting(serverName: string | null): ChannelOptions {
  return serverName === null ? {} : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }
}

type Stop = () => void

class WatchedProvider implements experimental.CertificateProvider {
  private readonly authorities = new Map<experimental.CaCertificateUpdateListener, Stop>()
  private readonly identities = new Map<experimental.IdentityCertificateUpdateListener, Stop>()

  constructor(private readonly tls: WatchedTls) {}

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    const tell = ({ ca }: TlsMaterial): void => listener({ caCertificate: ca })
    this.authorities.set(listener, this.tls.onChange(tell))
    tell(this.tls.current)
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.authorities.get(listener)?.()
    this.authorities.delete(listener)
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    const tell = ({ certificate, key }: TlsMaterial): void => listener({ certificate, privateKey: key })
    this.identities.set(listener, this.tls.onChange(tell))
    tell(this.tls.current)
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.identities.get(listener)?.()
    this.identities.delete(listener)
  }
}
