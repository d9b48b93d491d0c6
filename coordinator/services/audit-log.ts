import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.js'
import { messageOf } from '../../shared/errors.js'

export const auditFileName = 'audit.jsonl'

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
}

/**
 * Who changed what, and who was refused: one line of JSON each in `audit.jsonl`, with `at` (ISO 8601) and `result`. The lines
 * of one turn of the event loop are written together. A disk that is full costs lines, which is said in the log, and no job.
 */
export class AuditLog implements AuditTrail {
  private readonly file: string
  private lines: string[] = []
  private scheduled: NodeJS.Immediate | null = null
  private lost = 0
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
    try {
      appendFileSync(this.file, lines.join(''), { mode: 0o640 })
      this.lost = 0
    } catch (error) {
      if (this.lost === 0) this.options.logger.error({ file: this.file, error: messageOf(error) }, 'the audit log cannot be written; its lines are lost until it can')
      this.lost += lines.length
    }
  }
}
