import { X509Certificate } from 'node:crypto'
import { messageOf } from '../errors.js'
import { CertificateError } from './errors.js'
import { isRole, type Identity } from './role.js'

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** The certificates in a PEM text, the holder's own first. @throws CertificateError */
export function parseCertificates(text: string, name: string): X509Certificate[] {
  const blocks = text.match(block) ?? []
  if (blocks.length === 0) throw new CertificateError(`${name} holds no certificate in PEM`, { file: name })
  try {
    return blocks.map((pem) => new X509Certificate(pem))
  } catch (error) {
    throw new CertificateError(`${name} holds a damaged certificate (${messageOf(error)})`, { file: name })
  }
}

/** Role and name of a subject such as `OU=worker\nCN=gpu-1`; null where it has not exactly one of each, or no role of ours. */
export function identityOfSubject(subject: string): Identity | null {
  const parts = subject.split('\n').map((line) => line.split('=') as [string, string?])
  const values = (key: string): string[] => parts.flatMap(([name, value]) => (name === key && value !== undefined ? [value] : []))
  return identityFrom(values('CN'), values('OU'))
}

/** Whoever has two names or two roles might be taken for either, and counts as nobody. */
export function identityFrom(names: readonly string[], units: readonly string[]): Identity | null {
  const [name, role] = [names[0], units[0]]
  if (names.length !== 1 || units.length !== 1 || !name || !isRole(role)) return null
  return { name, role }
}

const purposes = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' }

export type Purpose = 'server' | 'client'

/** Whether the extended key usage allows it; a certificate without one may be used for all. */
export function serves(certificate: X509Certificate, purpose: Purpose): boolean {
  const allowed = certificate.keyUsage as string[] | undefined
  return allowed === undefined || allowed.includes(purpose === 'server' ? purposes.serverAuth : purposes.clientAuth)
}

export function isIssuedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))
}

/** What keeps a certificate from being used at a time; null = nothing. */
export function timeProblem({ validFrom, validTo }: X509Certificate, nowMs: number): string | null {
  if (nowMs < Date.parse(validFrom)) return `is not valid before ${iso(validFrom)}: is this machine's clock right?`
  if (nowMs >= Date.parse(validTo)) return `expired on ${iso(validTo)}: issue a new one with \`nasoa certs issue\``
  return null
}

function iso(time: string): string {
  return new Date(time).toISOString().replace('.000', '')
}
