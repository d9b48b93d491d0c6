import type { PeerCertificate, TLSSocket } from 'node:tls'
import { remark } from '../rpc/checked.js'
import type { RevokedSerials } from './revoked-serials.js'

/** Why a peer is not let in. */
export type Refusal =
  | { readonly kind: 'no tls' }
  | { readonly kind: 'no certificate' }
  | { readonly kind: 'expired' | 'not yet valid'; readonly name: string; readonly at: string }
  | { readonly kind: 'revoked'; readonly name: string }
  | { readonly kind: 'foreign'; readonly name: string }
  | { readonly kind: 'wrong purpose'; readonly name: string }
  | { readonly kind: 'unacceptable'; readonly name: string; readonly reason: string }

/** null = its certificate is of the authority, valid now, for clients, and not revoked. @param nowMs for messages */
export function refusalOfPeer(
  socket: Pick<TLSSocket, 'authorized' | 'authorizationError'>,
  certificate: Partial<PeerCertificate>,
  revoked: RevokedSerials | null,
  nowMs: number,
): Refusal | null {
  if (certificate.raw === undefined) return { kind: 'no certificate' }
  const name = remark([certificate.subject?.CN ?? 'nobody'].flat().join('+'), 64)
  if (!socket.authorized) return unauthorized(String(socket.authorizationError), name, certificate)
  // Verified when the TLS session began, which may have been resumed since.
  if (nowMs >= Date.parse(certificate.valid_to ?? '')) return { kind: 'expired', name, at: iso(certificate.valid_to) }
  return revoked?.has(certificate.serialNumber ?? '') ? { kind: 'revoked', name } : null
}

/** OpenSSL's reasons, as Node names them. */
function unauthorized(reason: string, name: string, { valid_from: from, valid_to: to }: Partial<PeerCertificate>): Refusal {
  if (/CERT_HAS_EXPIRED/.test(reason)) return { kind: 'expired', name, at: iso(to) }
  if (/CERT_NOT_YET_VALID/.test(reason)) return { kind: 'not yet valid', name, at: iso(from) }
  if (/UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|SELF_SIGNED|CERT_SIGNATURE_FAILURE/.test(reason)) return { kind: 'foreign', name }
  if (/INVALID_PURPOSE/.test(reason)) return { kind: 'wrong purpose', name }
  return { kind: 'unacceptable', name, reason }
}

/** One line that says what is wrong and what to do. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'no tls':
      return 'this coordinator takes calls over TLS only: give your certificate with --tls (nasoa certs issue makes one)'
    case 'no certificate':
      return 'this coordinator takes calls with a certificate only: give yours with --tls (nasoa certs issue makes one)'
    case 'expired':
      return `the certificate of ${refusal.name} expired on ${refusal.at}: issue a new one with nasoa certs issue`
    case 'not yet valid':
      return `the certificate of ${refusal.name} is not valid before ${refusal.at}: are the clocks of both machines right?`
    case 'revoked':
      return `the certificate of ${refusal.name} was revoked: ask for another`
    case 'foreign':
      return `the certificate of ${refusal.name} was not issued by this coordinator's authority: use one of nasoa certs issue from there`
    case 'wrong purpose':
      return `the certificate of ${refusal.name} is not for clients: use one with the role viewer, operator or worker`
    case 'unacceptable':
      return `the certificate of ${refusal.name} is not accepted (${refusal.reason})`
  }
}

function iso(time: string | undefined): string {
  const atMs = Date.parse(time ?? '')
  return Number.isNaN(atMs) ? 'an unknown date' : new Date(atMs).toISOString().replace('.000', '')
}
