import type { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { isInForce } from '../../shared/security/certificate-log.js'
import { parseCertificates } from '../../shared/security/certificate.js'
import { printJson, printStatus } from '../output.js'

interface AuthorityOptions {
  readonly authority: string
  readonly json: boolean
}

/** @param who a name, or a certificate's file */
export async function revoke({ who, authority, json }: AuthorityOptions & { readonly who: string }): Promise<void> {
  const whose = existsSync(who) ? { serialNumber: certificateIn(who).serialNumber } : { name: who }
  const serialNumbers = await new AuthorityFolder(authority).revoke(whose, Date.now())
  if (json) printJson({ revoked: serialNumbers })
  else printStatus(`revoked ${serialNumbers.join(', ')}; put ${authority}/ca.crl beside the coordinator's ca.crt, if that is another folder: it reads it within seconds`)
}

export function list({ authority, json }: AuthorityOptions): void {
  const nowMs = Date.now()
  const certificates = new AuthorityFolder(authority).issued().map((each) => ({
    name: each.name,
    role: each.role,
    serialNumber: each.serialNumber,
    validTo: new Date(each.validToMs).toISOString(),
    daysLeft: Math.floor((each.validToMs - nowMs) / (24 * 3600 * 1000)),
    state: isInForce(each, nowMs) ? 'in force' : each.revokedAtMs === null ? 'expired' : 'revoked',
  }))
  if (json) printJson({ certificates })
  else if (certificates.length === 0) printStatus('no certificates were issued here')
  else for (const each of certificates) process.stdout.write(`${lineOf(each)}\n`)
}

function lineOf({ name, role, validTo, daysLeft, state, serialNumber }: { readonly name: string; readonly role: string; readonly validTo: string; readonly daysLeft: number; readonly state: string; readonly serialNumber: string }): string {
  const left = state === 'in force' ? ` (${daysLeft} days left)` : ''
  return `${name}  ${role}  until ${validTo}${left}  ${state}  ${serialNumber}`
}

function certificateIn(file: string): X509Certificate {
  return parseCertificates(readFileSync(file, 'utf8'), file)[0]
}
