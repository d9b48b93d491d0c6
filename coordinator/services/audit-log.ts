import { appendFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.js'
import { messageOf } from '../../shared/errors.js'

export const auditFileName = 'audit.jsonl'

/** Earlier parts of the log, 1 = the latest of them. */
export function earlierAuditFileName(part: number): string {
  return `audit.${part}.jsonl`
}

/** How much of the log is kept: `audit.jsonl` of at most so many bytes, and so many earlier parts. */
export interface AuditRetention {
  readonly bytes: number
  readonly earlierParts: number
}

const defaultRetention: AuditRetention = { bytes: 32 * 2 ** 20, earlierParts: 9 }

/** A call that changes what others see. */
export interface AuditEntry {
  /** Name of the RPC. */
  readonly action: string
  /** Name in the caller's certificate; null = it showed none. */
  readonly by: string | null
  /** host:port of the caller. */
  readonly peer: string
  readonly [fact: string]: unknown
}

/** Where services report such calls. */
export interface AuditTrail {
  write(entry: AuditEntry): void
  refused(entry: AuditEntry, error: unknown): void
}

/** For a coordinator that nobody but a simulator calls. */
export const noAudit: AuditTrail = { write: () => undefined, refused: () => undefined }

export interface AuditLogOptions {
  /** The search's folder. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly retention?: AuditRetention
}

/**
 * Who changed what, and who was refused: one line of JSON each in `audit.jsonl`, with `at` (ISO 8601) and `result`. The lines
 * of one turn of the event loop are written together. A file that is full is put aside, and the oldest of those goes. A disk that is
 * full costs lines, which is said in the log, and no job.
 */
export class AuditLog implements AuditTrail {
  private readonly file: string
  private lines: string[] = []
  private scheduled: NodeJS.Immediate | null = null
  private lost = 0
  /** Bytes in the file; null = not looked at yet. */
  private size: number | null = null
  private readonly denials = new Map<string, number>()

  constructor(private readonly options: AuditLogOptions) {
    this.file = join(options.directory, auditFileName)
  }

  write(entry: AuditEntry): void {
    this.add({ ...entry, result: 'ok' })
  }

  refused(entry: AuditEntry, error: unknown): void {
    this.add({ ...entry, result: messageOf(error) })
  }

  /** A call that the caller's role does not allow; one that is repeated is noted once a minute. */
  denied(entry: AuditEntry, reason: string): void {
    const key = `${entry.action} ${entry.by}`
    const nowMs = this.options.clock.now()
    if (nowMs - (this.denials.get(key) ?? -Infinity) < 60_000) return
    if (this.denials.size >= 1_000) this.denials.clear()
    this.denials.set(key, nowMs)
    this.add({ ...entry, result: reason })
  }

  flush(): void {
    if (this.scheduled) clearImmediate(this.scheduled)
    this.scheduled = null
    const { lines } = this
    this.lines = []
    if (lines.length > 0) this.append(lines)
  }

  private add(line: object): void {
    this.lines.push(`${JSON.stringify({ at: new Date(this.options.clock.now()).toISOString(), ...line })}\n`)
    this.scheduled ??= setImmediate(() => this.flush())
  }

  private append(lines: readonly string[]): void {
    const text = lines.join('')
    try {
      this.makeRoom(Buffer.byteLength(text))
      appendFileSync(this.file, text, { mode: 0o640 })
      this.lost = 0
    } catch (error) {
      // How much of it was written is not known.
      this.size = null
      if (this.lost === 0) this.options.logger.error({ file: this.file, error: messageOf(error) }, 'the audit log cannot be written; its lines are lost until it can')
      this.lost += lines.length
    }
  }

  private makeRoom(bytes: number): void {
    const { bytes: most } = this.options.retention ?? defaultRetention
    const before = this.size ?? statSync(this.file, { throwIfNoEntry: false })?.size ?? 0
    const isFull = before > 0 && before + bytes > most
    if (isFull) this.putAside()
    this.size = (isFull ? 0 : before) + bytes
  }

  private putAside(): void {
    const { directory, retention = defaultRetention } = this.options
    const pathOf = (part: number): string => join(directory, part === 0 ? auditFileName : earlierAuditFileName(part))
    rmSync(pathOf(retention.earlierParts), { force: true })
    for (let part = retention.earlierParts - 1; part >= 0; part--) {
      if (existsSync(pathOf(part))) renameSync(pathOf(part), pathOf(part + 1))
    }
  }
}
