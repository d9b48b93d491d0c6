import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../shared/errors.js'
import { CertificateError } from '../../shared/security/errors.js'
import { inspectCertificate, type CertificateFacts } from '../../shared/security/inspect-certificate.js'
import { printJson, printStatus } from '../output.js'

export interface InspectOptions {
  readonly file: string
  readonly ca: string | undefined
  readonly json: boolean
}

export function inspect({ file, ca, json }: InspectOptions): void {
  const beside = join(dirname(file), 'ca.crt')
  const authority = ca ?? (existsSync(beside) ? beside : null)
  const facts = inspectCertificate(read(file), file, authority === null ? null : read(authority), Date.now())
  if (json) printJson({ ...facts, checkedAgainst: authority })
  else process.stdout.write(`${describe(facts, authority)}\n`)
  for (const problem of facts.problems) printStatus(`nasoa: ${file} ${problem}`)
  if (facts.problems.length > 0) process.exitCode = 1
}

function describe(facts: CertificateFacts, authority: string | null): string {
  const rows: [string, string][] = [
    ['name', facts.name ?? facts.subject],
    ['role', facts.authority ? 'authority' : (facts.role ?? 'none')],
    ...(facts.hosts.length > 0 ? [['hosts', facts.hosts.join(', ')] as [string, string]] : []),
    ['valid', `${facts.validFrom.slice(0, 10)} to ${facts.validTo.slice(0, 10)} (${facts.daysLeft} days left)`],
    ['issuer', `${facts.issuer}${authority === null ? ' (not checked: no ca.crt beside the file, and no --ca)' : ''}`],
    ['serial', facts.serialNumber],
    ['sha256', facts.sha256],
  ]
  return rows.map(([label, value]) => `${label.padEnd(7)} ${value}`).join('\n')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CertificateError(`cannot read ${path} (${messageOf(error)})`, { file: path })
  }
}
