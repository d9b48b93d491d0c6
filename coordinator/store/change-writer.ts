import type { Database, Statement } from 'libsql'
import type { Job } from '../jobs/job.js'
import type { EndedAttempt } from '../jobs/transition.js'
import { jobColumns, jobValues } from './job-row.js'
import { outcomeColumns, outcomeValues } from './outcome-row.js'
import type { NewCandidate, SearchProgress, StoreChange } from './store.js'

/** Given to a statement as one array: the library copies arguments that are given one by one. */
type Values = (string | number | null)[]

const marks = (columns: readonly string[]): string => columns.map(() => '?').join(', ')
const assignments = (columns: readonly string[]): string => columns.map((column) => `${column} = excluded.${column}`).join(', ')

/** Turns changes into rows, inside a transaction that its caller opens. */
export class ChangeWriter {
  private readonly progress: Statement<[Values]>
  private readonly status: Statement<[Values]>
  private readonly proposed: Statement<[Values]>
  private readonly ended: Statement<[Values]>
  private readonly superseded: Statement<[Values]>
  private readonly promoted: Statement<[Values]>
  private readonly promotionCancelled: Statement<[Values]>
  private readonly job: Statement<[Values]>
  private readonly attempt: Statement<[Values]>
  private readonly epoch: Statement<[Values]>
  private readonly worker: Statement<[Values]>
  private readonly cordon: Statement<[Values]>

  constructor(database: Database) {
    this.progress = database.prepare<[Values]>('UPDATE search SET generator_state = ?, elapsed_ms = ?')
    this.status = database.prepare<[Values]>('UPDATE search SET status = ?, status_reason = ?, ending = ?, status_at_ms = ?')
    this.proposed = database.prepare<[Values]>(
      `INSERT INTO candidates (sequence, encoding, operator, parents, phase, params, macs, activations, status)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (sequence) DO NOTHING`,
    )
    // Only a pending candidate can end, or one that has climbed since, so an outcome is never replaced by another of its rung.
    this.ended = database.prepare<[Values]>(
      `UPDATE candidates SET status = ?, told_sequence = ?, rung = ?, ${outcomeColumns.map((column) => `${column} = ?`).join(', ')}
       WHERE sequence = ? AND (status = 'pending' OR status = 'told' AND rung < ?)`,
    )
    this.superseded = database.prepare<[Values]>(
      `INSERT INTO rung_results (candidate, rung, told_sequence, ${outcomeColumns.join(', ')})
       SELECT sequence, rung, told_sequence, ${outcomeColumns.join(', ')} FROM candidates WHERE sequence = ? AND status = 'told' AND rung < ?
       ON CONFLICT (candidate, rung) DO NOTHING`,
    )
    this.promoted = database.prepare<[Values]>('UPDATE candidates SET promoted_to = ? WHERE sequence = ? AND promoted_to < ?')
    this.promotionCancelled = database.prepare<[Values]>('UPDATE candidates SET promoted_to = rung WHERE sequence = ?')
    this.job = database.prepare<[Values]>(
      `INSERT INTO jobs (${jobColumns.join(', ')}) VALUES (${marks(jobColumns)}) ON CONFLICT (id) DO UPDATE SET ${assignments(jobColumns.slice(2))}`,
    )
    this.attempt = database.prepare<[Values]>(
      `INSERT INTO attempts (job, token, worker_id, slot, started_at_ms, ended_at_ms, outcome, failure_reason, message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (job, token) DO UPDATE SET ${assignments(['ended_at_ms', 'outcome', 'failure_reason', 'message'])}`,
    )
    this.epoch = database.prepare<[Values]>(
      `INSERT INTO epochs (job, token, epoch, loss, top1, images_per_second, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (job, token, epoch) DO NOTHING`,
    )
    this.worker = database.prepare<[Values]>(
      `INSERT INTO workers (worker_id, name, version, device_class, slots, threads_per_slot, address, labels, first_seen_ms, last_registered_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (worker_id) DO UPDATE
       SET ${assignments(['name', 'version', 'device_class', 'slots', 'threads_per_slot', 'address', 'labels', 'last_registered_ms'])}`,
    )
    this.cordon = database.prepare<[Values]>('UPDATE workers SET cordoned = ? WHERE worker_id = ?')
  }

  write(changes: readonly StoreChange[], progress: SearchProgress | null): void {
    for (const change of settled(changes)) this.writeOne(change)
    if (progress) this.progress.run([JSON.stringify(progress.state), progress.elapsedMs])
  }

  private writeOne(change: StoreChange): void {
    switch (change.kind) {
      case 'proposed':
        return this.writeProposed(change.candidate)
      case 'told':
        return this.writeTold(change)
      case 'promoted':
        return void this.promoted.run([change.rung, change.sequence, change.rung])
      case 'promotion_cancelled':
        return void this.promotionCancelled.run([change.sequence])
      case 'withdrawn':
        return void this.ended.run(['withdrawn', null, 0, ...outcomeValues(change.outcome), change.sequence, 0])
      case 'job':
        return void this.job.run(jobValues(change.job))
      case 'attempt_ended':
        return this.writeAttempt(change.jobId, change.ended)
      case 'epoch':
        return this.writeEpoch(change)
      case 'worker':
        return this.writeWorker(change)
      case 'cordon':
        return void this.cordon.run([change.reason, change.workerId])
      case 'status':
        return void this.status.run([change.status, change.reason, change.ending, change.atMs])
    }
  }

  private writeProposed({ sequence, encoding, operator, parents, phase, params, macs, activations }: NewCandidate): void {
    this.proposed.run([sequence, encoding, operator, JSON.stringify(parents), phase ?? null, params, macs, activations])
  }

  private writeTold({ sequence, toldSequence, outcome, rung = 0 }: Extract<StoreChange, { kind: 'told' }>): void {
    if (rung > 0) this.superseded.run([sequence, rung])
    this.ended.run(['told', toldSequence, rung, ...outcomeValues(outcome), sequence, rung])
  }

  private writeAttempt(jobId: number, { token, workerId, slot, startedAtMs, endedAtMs, outcome }: EndedAttempt): void {
    const reason = outcome.kind === 'failed' ? outcome.reason : null
    const message = outcome.kind === 'succeeded' ? null : outcome.message
    this.attempt.run([jobId, token, workerId, slot, startedAtMs, endedAtMs, outcome.kind, reason, message])
  }

  private writeEpoch({ report, atMs }: Extract<StoreChange, { kind: 'epoch' }>): void {
    const { jobId, token, epoch, loss, top1, imagesPerSecond } = report
    this.epoch.run([jobId, token, epoch, loss, top1, imagesPerSecond, atMs])
  }

  private writeWorker({ worker, address, atMs }: Extract<StoreChange, { kind: 'worker' }>): void {
    const { workerId, name, version, deviceClass, slots, threadsPerSlot, labels = {} } = worker
    this.worker.run([workerId, name, version, deviceClass, slots, threadsPerSlot, address, JSON.stringify(labels), atMs, atMs])
  }
}

/** Of several states that a job went through, only the last one is a row; it stands where the first one stood. */
function settled(changes: readonly StoreChange[]): Iterable<StoreChange> {
  const last = new Map<number, Job>()
  for (const change of changes) if (change.kind === 'job') last.set(change.job.id, change.job)
  const written = new Set<number>()
  return changes.flatMap((change): StoreChange[] => {
    if (change.kind !== 'job') return [change]
    if (written.has(change.job.id)) return []
    written.add(change.job.id)
    return [{ kind: 'job', job: last.get(change.job.id) as Job }]
  })
}
