import type { Clock, Timer } from '../clock.js'
import { messageOf } from '../errors.js'
import type { Purpose } from './certificate.js'
import { loadTlsMaterial, type TlsFiles, type TlsMaterial } from './tls-material.js'

export interface WatchedTlsOptions {
  readonly files: TlsFiles
  readonly purpose: Purpose
  readonly clock: Clock
  /** Told of what keeps changed files from being used; those that were good stay in use. */
  readonly report: (trouble: string) => void
}

const intervalMs = 2_000

/** A certificate and key whose files may be replaced while the process runs: connections that are made later show the new ones. */
export class WatchedTls {
  private material: TlsMaterial
  private timer: Timer | null = null
  private isClosed = false
  private trouble: string | null = null
  private readonly listeners = new Set<(material: TlsMaterial) => void>()

  /** @throws CertificateError, see loadTlsMaterial */
  constructor(private readonly options: WatchedTlsOptions) {
    this.material = this.load()
    this.schedule()
  }

  get files(): TlsFiles {
    return this.options.files
  }

  get current(): TlsMaterial {
    return this.material
  }

  /** Told when others are in use; returns how to stop that. */
  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Looks now instead of within seconds. */
  look(): void {
    try {
      const material = this.load()
      this.trouble = null
      if (isSame(material, this.material)) return
      this.material = material
      for (const listener of [...this.listeners]) listener(material)
    } catch (error) {
      this.complain(messageOf(error))
    }
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  /** Once of the same trouble: while a key and its certificate are being replaced, they do not fit for a moment. */
  private complain(trouble: string): void {
    if (trouble !== this.trouble) this.options.report(trouble)
    this.trouble = trouble
  }

  private load(): TlsMaterial {
    const { files, purpose, clock } = this.options
    return loadTlsMaterial(files, purpose, clock.now())
  }

  private schedule(): void {
    if (this.isClosed) return
    this.timer = this.options.clock.after(intervalMs, () => {
      this.look()
      this.schedule()
    })
  }
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca.equals(b.ca) && a.certificate.equals(b.certificate) && a.key.equals(b.key)
}
