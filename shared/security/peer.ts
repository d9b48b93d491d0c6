import type { PeerCertificate } from 'node:tls'
import { PermissionDeniedError } from '../rpc/errors.js'
import { identityFrom } from './certificate.js'
import type { Identity } from './role.js'

/** The part of a gRPC call, or of an intercepted one, that knows the connection. */
export interface AuthenticatedCall {
  getAuthContext(): { readonly transportSecurityType?: string; readonly sslPeerCertificate?: PeerCertificate } | null
}

/**
 * Who calls; null on a connection without TLS, which has no names. The handshake has checked the certificate already.
 * @throws PermissionDeniedError where the certificate names no single role and name
 */
export function peerIdentity(call: AuthenticatedCall): Identity | null {
  const context = call.getAuthContext()
  if (context?.transportSecurityType !== 'ssl') return null
  const subject = context.sslPeerCertificate?.subject as { CN?: string | string[]; OU?: string | string[] } | undefined
  const identity = identityFrom([subject?.CN ?? []].flat(), [subject?.OU ?? []].flat())
  if (identity !== null) return identity
  throw new PermissionDeniedError('the certificate names no single role and name (OU and CN): issue one with `nasoa certs issue`')
}

/** Name in the caller's certificate, for logs and limits; null = it has none that counts. */
export function peerName(call: AuthenticatedCall): string | null {
  try {
    return peerIdentity(call)?.name ?? null
  } catch (error) {
    if (error instanceof PermissionDeniedError) return null
    throw error
  }
}

/**
 * A worker's id as the coordinator knows it. Each certificate has its own set of ids, so no worker can register as another
 * one and take its leases; the colon is in neither part.
 */
export function scopedWorkerId(identity: Identity | null, workerId: string): string {
  return identity === null ? workerId : `${identity.name}:${workerId}`
}
