import { filesBeside, loadTlsMaterial, type TlsMaterial } from '../../shared/security/tls-material.js'
import type { Purpose } from '../../shared/security/certificate.js'
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
export function tlsMaterialOf({ tls, tlsKey, tlsCa }: TlsWords, purpose: Purpose): TlsMaterial | null {
  if (tls !== undefined) return loadTlsMaterial(filesBeside(tls, { ca: tlsCa, key: tlsKey }), purpose, Date.now())
  if (tlsKey !== undefined || tlsCa !== undefined) throw new UsageError('--tls-key and --tls-ca go with --tls, the certificate')
  return null
}
