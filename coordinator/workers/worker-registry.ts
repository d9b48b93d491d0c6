import type { WorkerDescription } from '../../shared/cluster/worker-description.js'
import { NotFoundError } from '../../shared/errors.js'

/** A registered worker; it lives as long as it is heard of. */
export interface WorkerSession {
  readonly sessionId: string
  readonly worker: WorkerDescription
  /** host:port it calls from. */
  readonly address: string
  draining: boolean
  lastSeenMs: number
}

/** Who is there. Sessions are in memory only: after a restart of the coordinator every worker registers again. */
export class WorkerRegistry {
  private readonly bySession = new Map<string, WorkerSession>()
  private readonly byWorker = new Map<string, WorkerSession>()

  constructor(
    private readonly newSessionId: () => string,
    /** Silence after which a worker is taken off the list. */
    private readonly forgetAfterMs: number,
  ) {}

  /** Opens a session; an earlier one of the same worker ends. */
  register(worker: WorkerDescription, address: string, atMs: number): WorkerSession {
    this.remove(this.byWorker.get(worker.workerId))
    const session = { sessionId: this.newSessionId(), worker, address, draining: false, lastSeenMs: atMs }
    this.bySession.set(session.sessionId, session)
    this.byWorker.set(worker.workerId, session)
    return session
  }

  /** @throws NotFoundError for a session that ended or was another coordinator's: the worker must register again */
  heardOf(sessionId: string, atMs: number): WorkerSession {
    const session = this.bySession.get(sessionId)
    if (!session) throw new NotFoundError('this worker is not registered (any more): register again')
    session.lastSeenMs = atMs
    return session
  }

  /** @throws NotFoundError */
  leave(sessionId: string): WorkerSession | null {
    const session = this.bySession.get(sessionId) ?? null
    this.remove(session)
    return session
  }

  /** Takes workers off the list that have been silent for long. @returns them */
  forgetSilent(atMs: number): WorkerSession[] {
    const silent = [...this.bySession.values()].filter(({ lastSeenMs }) => atMs - lastSeenMs >= this.forgetAfterMs)
    for (const session of silent) this.remove(session)
    return silent
  }

  list(): readonly WorkerSession[] {
    return [...this.bySession.values()]
  }

  nameOf(workerId: string): string {
    return this.byWorker.get(workerId)?.worker.name ?? workerId
  }

  /** Slots of workers that take jobs. */
  get slots(): number {
    let slots = 0
    for (const { worker, draining } of this.bySession.values()) if (!draining) slots += worker.slots
    return slots
  }

  /** Whether a worker other than this one takes jobs. */
  hasOthers(workerId: string): boolean {
    for (const { worker, draining } of this.bySession.values()) if (!draining && worker.workerId !== workerId) return true
    return false
  }

  private remove(session: WorkerSession | null | undefined): void {
    if (!session) return
    this.bySession.delete(session.sessionId)
    if (this.byWorker.get(session.worker.workerId) === session) this.byWorker.delete(session.worker.workerId)
  }
}
