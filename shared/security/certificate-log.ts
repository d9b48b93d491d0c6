import { z } from 'zod'
import { plainSerial } from './certificate-authority.js'
import { CertificateError } from './errors.js'
import { roles } from './role.js'

/** What an authority has done, one line of JSON each, only ever added to. */
const eventSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('issued'),
    name: z.string(),
    role: z.enum(roles),
    serialNumber: z.string(),
    /** SHA-256 of the public key, hexadecimal. */
    keySha256: z.string(),
    validToMs: z.number(),
    atMs: z.number(),
  }),
  z.strictObject({ kind: z.literal('revoked'), serialNumber: z.string(), atMs: z.number() }),
])

export type CertificateEvent = Readonly<z.output<typeof eventSchema>>

export type IssuedCertificate = Extract<CertificateEvent, { kind: 'issued' }> & {
  /** null = it was not. */
  readonly revokedAtMs: number | null
}

export function formatEvent(event: CertificateEvent): string {
  return `${JSON.stringify(event)}\n`
}

/** @throws CertificateError naming the line */
export function parseEvents(text: string, file: string): CertificateEvent[] {
  return text.split('\n').flatMap((line, index) => (line === '' ? [] : [parseEvent(line, `${file}, line ${index + 1}`)]))
}

function parseEvent(line: string, place: string): CertificateEvent {
  try {
    return eventSchema.parse(JSON.parse(line))
  } catch {
    throw new CertificateError(`${place}: this is no entry of an authority's log; restore the file from a copy`)
  }
}

/** All certificates in the order of their issue. */
export function issuedCertificates(events: readonly CertificateEvent[]): IssuedCertificate[] {
  const revokedAt = new Map(revocations(events).map(({ serialNumber, atMs }) => [serialNumber, atMs]))
  return events.flatMap((event) => (event.kind === 'issued' ? [{ ...event, revokedAtMs: revokedAt.get(plainSerial(event.serialNumber)) ?? null }] : []))
}

/** Each serial number once, with the time of its first revocation. */
export function revocations(events: readonly CertificateEvent[]): { readonly serialNumber: string; readonly atMs: number }[] {
  const first = new Map<string, number>()
  for (const event of events) {
    if (event.kind !== 'revoked') continue
    const serial = plainSerial(event.serialNumber)
    if (!first.has(serial)) first.set(serial, event.atMs)
  }
  return [...first].map(([serialNumber, atMs]) => ({ serialNumber, atMs }))
}

/** Whether a certificate can still be used. */
export function isInForce({ revokedAtMs, validToMs }: IssuedCertificate, nowMs: number): boolean {
  return revokedAtMs === null && nowMs < validToMs
}
