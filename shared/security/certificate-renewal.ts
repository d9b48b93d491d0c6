import { X509Certificate } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock, Timer } from '../clock.js'
import { messageOf } from '../errors.js'
import type { Endpoint } from '../rpc/channel-options.js'
import { callRenew } from '../rpc/renewal-client.js'
import { clockSkewMs } from './certificate-authority.js'
import { writePrivateFile } from './private-file.js'
import type { WatchedTls } from './watched-tls.js'

export interface RenewalOptions {
  readonly tls: WatchedTls
  /** Of the coordinator, with the security of `tls`. */
  readonly coordinator: Endpoint
  readonly clock: Clock
  readonly logger: Logger
}

/** Share of its life at whose end a certificate is renewed. */
const renewedShare = 2 / 3
const shortestWaitMs = 1_000
const longestWaitMs = 3_600_000

/** When a certificate is to be renewed, and when it has expired, milliseconds since the Unix epoch. */
export function renewalTimes(certificate: X509Certificate): { readonly dueMs: number; readonly expiresAtMs: number } {
  const expiresAtMs = Date.parse(certificate.validTo)
  const issuedAtMs = Date.parse(certificate.validFrom) + clockSkewMs
  return { dueMs: issuedAtMs + (expiresAtMs - issuedAtMs) * renewedShare, expiresAtMs }
}

/**
 * Gets a new certificate for the same name and key before the one in use expires, and puts it in its place. What fails is tried
 * again, ever more often, until it has expired.
 */
export class CertificateRenewal {
  private timer: Timer | null = null
  private isClosed = false

  constructor(private readonly options: RenewalOptions) {
    this.schedule()
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  private get certificate(): X509Certificate {
    return new X509Certificate(this.options.tls.current.certificate)
  }

  private schedule(isRetry = false): void {
    if (this.isClosed) return
    const { clock } = this.options
    const { dueMs, expiresAtMs } = renewalTimes(this.certificate)
    const waitMs = isRetry ? Math.min(longestWaitMs, (expiresAtMs - clock.now()) / 10) : dueMs - clock.now()
    this.timer = clock.after(Math.max(shortestWaitMs, waitMs), () => void this.renewWhenDue())
  }

  private async renewWhenDue(): Promise<void> {
    // The clock's longest wait may be shorter, and somebody may have replaced the files meanwhile.
    if (this.options.clock.now() < renewalTimes(this.certificate).dueMs) return this.schedule()
    try {
      await this.renew()
      this.schedule()
    } catch (error) {
      const { validTo } = this.certificate
      this.options.logger.warn({ error: messageOf(error), validTo }, 'the certificate is not renewed yet; trying again')
      this.schedule(true)
    }
  }

  private async renew(): Promise<void> {
    const { tls, coordinator, logger } = this.options
    const before = this.certificate
    const certificate = await callRenew(coordinator, tls.current.key.toString())
    writePrivateFile(tls.files.certificate, certificate, { mode: 0o644, overwrite: true })
    tls.look()
    const { validTo } = this.certificate
    if (Date.parse(validTo) <= Date.parse(before.validTo)) throw new Error("a new certificate would not be valid any longer: is the authority's own about to expire?")
    logger.info({ validTo }, 'the certificate is renewed')
  }
}
