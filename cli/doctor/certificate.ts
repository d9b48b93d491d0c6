import { readFileSync } from 'node:fs'
import { messageOf } from '../../shared/errors.js'
import { inspectCertificate } from '../../shared/security/inspect-certificate.js'
import { filesBeside } from '../../shared/security/tls-material.js'
import { failed, passed, type Check } from './check.js'

/** Days before its end at which a certificate is worth a word. */
const soonDays = 30

/** The certificate that a worker, coordinator or person is to use, and its authority's beside it. */
export function checkCertificate(file: string, nowMs: number): Check[] {
  const { ca } = filesBeside(file)
  return [checkOne('certificate', file, ca, nowMs), checkOne('authority', ca, ca, nowMs)]
}

function checkOne(name: string, file: string, ca: string, nowMs: number): Check {
  try {
    const { name: holder, role, validTo, daysLeft, problems } = inspectCertificate(readFileSync(file, 'utf8'), file, readFileSync(ca, 'utf8'), nowMs)
    const value = `${file}: ${role === null || holder === null ? 'an authority' : `${role} ${holder}`}, until ${validTo.slice(0, 10)} (${daysLeft} days left)`
    if (problems.length > 0) return failed(name, value, `the certificate ${problems.join('; ')}`)
    return daysLeft >= soonDays ? passed(name, value) : { ...passed(name, value), advice: adviceFor(name) }
  } catch (error) {
    return failed(name, file, messageOf(error))
  }
}

function adviceFor(name: string): string {
  if (name === 'authority') return 'make a new authority with `nasoa certs init` in another folder, and certificates of it, before this one ends'
  return 'issue a new one with `nasoa certs issue --force`; processes take it while they run. Workers that joined by token renew theirs themselves'
}
