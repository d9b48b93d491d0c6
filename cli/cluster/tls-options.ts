import { X509Certificate } from 'node:crypto'
import type { Logger } from 'pino'
import { systemClock } from '../../shared/clock.js'
import type { AuthorityFolder } from '../../shared/security/authority-folder.js'
import type { Purpose } from '../../shared/security/certificate.js'
import { renewalTimes } from '../../shared/security/certificate-renewal.js'
import { filesBeside, loadTlsMaterial, type TlsFiles, type TlsMaterial } from '../../shared/security/tls-material.js'
import { WatchedTls } from '../../shared/security/watched-tls.js'
import { UsageError } from '../output.js'

/** How a command names its certificate. */
export interface TlsWords {
  readonly tls: string | undefined
  readonly tlsKey: string | undefined
  readonly tlsCa: string | undefined
}

/** For yargs. */
export const tlsOptions = {
  tls: { type: 'string', requiresArg: true, describe: 'Certificate to be known by (PEM, from `nasoa certs`); its key and ca.crt are expected beside it' },
  'tls-key': { type: 'string', requiresArg: true, describe: 'Key of the certificate, where it lies elsewhere' },
  'tls-ca': { type: 'string', requiresArg: true, describe: 'Certificate of the authority whose holders are trusted, where it lies elsewhere' },
} as const

/** null = no TLS. @throws CertificateError, UsageError */
export function tlsMaterialOf(words: TlsWords, purpose: Purpose): TlsMaterial | null {
  const files = filesOf(words)
  return files && loadTlsMaterial(files, purpose, Date.now())
}

/** The same for a process that outlives its certificate: files that are replaced are taken. null = no TLS. */
export function watchedTlsOf(words: TlsWords, purpose: Purpose, logger: Logger): WatchedTls | null {
  const files = filesOf(words)
  const report = (trouble: string): void => logger.error({ trouble }, 'the certificate that is there now cannot be used; the one before stays in use')
  if (files === null) return null
  const tls = new WatchedTls({ files, purpose, clock: systemClock, report })
  warnOfExpiry(tls.current, files, logger)
  tls.onChange((material) => warnOfExpiry(material, files, logger))
  return tls
}

/** Days before its end at which a certificate is worth a word, unless it is valid for few days only. */
const soonDays = 30

function warnOfExpiry({ certificate }: TlsMaterial, { certificate: file }: TlsFiles, logger: Logger): void {
  const { dueMs, expiresAtMs } = renewalTimes(new X509Certificate(certificate))
  if (Date.now() < Math.max(dueMs, expiresAtMs - soonDays * 24 * 3600 * 1000)) return
  logger.warn({ certificate: file, expiresAt: new Date(expiresAtMs).toISOString() }, 'the certificate expires soon; one that takes its place is used without a restart')
}

/** Beside the authority's certificate; undefined = no TLS. */
export function revocationListOf(words: TlsWords): string | undefined {
  const files = filesOf(words)
  return files?.revocationList
}

/** @throws UsageError without TLS: whoever joins must be able to recognise the coordinator; CertificateError where there is no authority */
export async function openAuthority(folder: string | undefined, tls: TlsMaterial | null): Promise<AuthorityFolder | null> {
  if (folder === undefined) return null
  if (tls === null) throw new UsageError('--authority goes with --tls, the certificate of the coordinator')
  const { AuthorityFolder } = await import('../../shared/security/authority-folder.js')
  const authority = new AuthorityFolder(folder)
  authority.read()
  return authority
}

function filesOf({ tls, tlsKey, tlsCa }: TlsWords): TlsFiles | null {
  if (tls !== undefined) return filesBeside(tls, { ca: tlsCa, key: tlsKey })
  if (tlsKey !== undefined || tlsCa !== undefined) throw new UsageError('--tls-key and --tls-ca go with --tls, the certificate')
  return null
}
