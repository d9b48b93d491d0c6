import { readFileSync } from 'node:fs'
import type { Clock, Timer } from '../clock.js'
import { messageOf } from '../errors.js'
import { plainSerial, readRevocationList } from './certificate-authority.js'

export interface RevokedSerialsOptions {
  /** Revocation list in PEM, such as `ca.crl` beside `ca.crt`; it need not be there. */
  readonly file: string
  /** PEM. */
  readonly authorityCertificate: string
  readonly clock: Clock
  /** Told of what keeps the list from being read; the last one that was good stays in force. */
  readonly report: (trouble: string) => void
}

const intervalMs = 2_000

/** The serial numbers of revoked certificates, read anew whenever their file has changed. */
export class RevokedSerials {
  private serials: ReadonlySet<string> = new Set()
  private readText: string | null = null
  private timer: Timer | null = null
  private isClosed = false
  private readonly listeners = new Set<() => void>()

  private constructor(private readonly options: RevokedSerialsOptions) {}

  /** @throws CertificateError for a list that is there and cannot be relied on */
  static async open(options: RevokedSerialsOptions): Promise<RevokedSerials> {
    const revoked = new RevokedSerials(options)
    await revoked.read()
    revoked.schedule()
    return revoked
  }

  has(serialNumber: string): boolean {
    return this.serials.has(plainSerial(serialNumber))
  }

  /** Told when another list is in force; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  private schedule(): void {
    if (!this.isClosed) this.timer = this.options.clock.after(intervalMs, () => void this.look())
  }

  private async look(): Promise<void> {
    try {
      await this.read()
    } catch (error) {
      this.options.report(messageOf(error))
    }
    this.schedule()
  }

  private async read(): Promise<void> {
    const { file, authorityCertificate } = this.options
    const text = textOf(file)
    // A list that is gone revokes what it revoked.
    if (text === null || text === this.readText) return
    this.readText = text
    this.serials = new Set(await readRevocationList(text, authorityCertificate, file))
    for (const listener of [...this.listeners]) listener()
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
