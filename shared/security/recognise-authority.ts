import { connect, type DetailedPeerCertificate } from 'node:tls'
import { parseAddress } from '../address.js'
import { UnavailableError, messageOf } from '../errors.js'
import { CertificateError } from './errors.js'
import { coordinatorServerName } from './role.js'

const handshakeTimeoutMs = 10_000

/**
 * The authority's certificate (PEM) that a coordinator shows, recognised by its fingerprint: the way in which a machine that
 * has nothing but a token knows whom to trust. Nothing is told to the other side; it is not authenticated by this.
 * @param fingerprint SHA-256 of the certificate, lower-case hexadecimal
 * @throws UnavailableError where nobody answers, CertificateError where somebody else does
 */
export async function recogniseAuthority(target: string, fingerprint: string): Promise<string> {
  const { host, port } = parseAddress(target, 'the address of the coordinator')
  const chain = await new Promise<DetailedPeerCertificate>((resolve, reject) => {
    const socket = connect({ host, port, servername: coordinatorServerName, ALPNProtocols: ['h2'], rejectUnauthorized: false, timeout: handshakeTimeoutMs })
    const end = (settle: () => void): void => {
      settle()
      socket.destroy()
    }
    socket.once('secureConnect', () => end(() => resolve(socket.getPeerCertificate(true))))
    socket.once('timeout', () => end(() => reject(new UnavailableError(`the coordinator at ${target} does not answer`))))
    socket.once('error', (error: Error) => end(() => reject(failure(error, target))))
    socket.once('close', () => end(() => reject(new UnavailableError(`the coordinator at ${target} closed the connection`))))
  })
  const found = certificates(chain).find(({ fingerprint256 }) => plain(fingerprint256) === fingerprint)
  if (found) return `-----BEGIN CERTIFICATE-----\n${found.raw.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  throw new CertificateError(`${target} shows no certificate of the authority that made the join token: is the address right?`)
}

/** A self-signed certificate is its own issuer. */
function certificates(first: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const seen: DetailedPeerCertificate[] = []
  for (let each: DetailedPeerCertificate | undefined = first; each?.raw && !seen.includes(each); each = each.issuerCertificate) seen.push(each)
  return seen
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

function failure(error: Error, target: string): Error {
  if (/wrong version number|packet length too long|alert protocol version|alert number 70/i.test(error.message)) {
    return new CertificateError(`the coordinator at ${target} speaks no TLS, so nobody can join it with a token: start it with --tls and --authority`)
  }
  return new UnavailableError(`the coordinator at ${target} does not answer: ${messageOf(error)}`)
}
