import { isIssuedBy, identityOfSubject, parseCertificates, serves, timeProblem } from './certificate.js'

/** What people want to know of a certificate. */
export interface CertificateFacts {
  readonly name: string | null
  readonly role: string | null
  /** Whether it is the certificate of an authority. */
  readonly authority: boolean
  readonly subject: string
  readonly issuer: string
  readonly hosts: readonly string[]
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  readonly daysLeft: number
  readonly serialNumber: string
  readonly sha256: string
  /** What keeps it from being used, one line each. */
  readonly problems: readonly string[]
}

const dayMs = 24 * 3600 * 1000

/**
 * Facts of the first certificate in a PEM text; `authorities` (PEM, null = unknown) says whose certificates are accepted.
 * @throws CertificateError where there is none
 */
export function inspectCertificate(text: string, name: string, authorities: string | null, nowMs: number): CertificateFacts {
  const certificate = parseCertificates(text, name)[0]
  const identity = identityOfSubject(certificate.subject)
  return {
    name: identity?.name ?? null,
    role: identity?.role ?? null,
    authority: certificate.ca,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    hosts: hostsOf(certificate.subjectAltName),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validTo: new Date(certificate.validTo).toISOString(),
    daysLeft: Math.round((Date.parse(certificate.validTo) - nowMs) / dayMs),
    serialNumber: certificate.serialNumber.toLowerCase(),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    problems: problemsOf(text, name, authorities, nowMs),
  }
}

function problemsOf(text: string, name: string, authorities: string | null, nowMs: number): string[] {
  const certificate = parseCertificates(text, name)[0]
  const time = timeProblem(certificate, nowMs)
  const problems = time === null ? [] : [time]
  if (authorities !== null && !isIssuedBy(certificate, parseCertificates(authorities, 'the authority'))) {
    problems.push(`was issued by another authority (${oneLine(certificate.issuer)})`)
  }
  if (!certificate.ca && identityOfSubject(certificate.subject) === null) problems.push('names no single role and name (OU and CN)')
  if (!certificate.ca && !serves(certificate, 'client') && !serves(certificate, 'server')) problems.push('is for neither clients nor servers')
  return problems
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ')
}

function hostsOf(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
}
