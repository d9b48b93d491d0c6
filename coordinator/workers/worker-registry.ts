import type { WorkerDescription } from '../../shared/cluster/worker-description.js'
import { NotFoundError, UnavailableError } from '../../shared/errors.js'
import type { Cordons } from './cordons.js'
import { lacking, type Labels } from './required-labels.js'

/** At a time. A worker costs memory and a connection, a slot a job that is prepared for it. */
const most = { workers: 20_000, slots: 100_000 }
/** Of one certificate, so that nobody keeps all others out. */
const mostOfOwner = { workers: 2_000, slots: 20_000 }

/** A registered worker; it lives as long as it is heard of. */
export interface WorkerSession {
  readonly sessionId: string
  readonly worker: WorkerDescription
  /** Name in the certificate that it registered with; null = it had none. */
  readonly owner: string | null
  /** host:port it calls from. */
  readonly address: string
  /** Labels that it would have to have to be given jobs. */
  readonly lacks: readonly string[]
  draining: boolean
  lastSeenMs: number
}

/** Who is there. Sessions are in memory only: after a restart of the coordinator every worker registers again. */
export class WorkerRegistry {
  private readonly bySession = new Map<string, WorkerSession>()
  private readonly byWorker = new Map<string, WorkerSession>()
  /** When anybody was last heard of; at first, the start. */
  private lastHeardMs: number

  constructor(
    private readonly newSessionId: () => string,
    /** Silence after which a worker is taken off the list. */
    private readonly forgetAfterMs: number,
    private readonly cordons: Pick<Cordons, 'reasonFor'> = { reasonFor: () => null },
    startMs = 0,
    /** Labels without which a worker gets no jobs. */
    private readonly required: Labels = {},
  ) {
    this.lastHeardMs = startMs
  }

  /** Opens a session; an earlier one of the same worker ends. */
  register(worker: WorkerDescription, owner: string | null, address: string, atMs: number): WorkerSession {
    this.requireRoom(worker, owner)
    this.remove(this.byWorker.get(worker.workerId))
    const lacks = lacking(this.required, worker.labels)
    const session = { sessionId: this.newSessionId(), worker, owner, address, lacks, draining: false, lastSeenMs: atMs }
    this.bySession.set(session.sessionId, session)
    this.byWorker.set(worker.workerId, session)
    return session
  }

  /** @throws NotFoundError for a session that ended or was another coordinator's: the worker must register again */
  heardOf(sessionId: string, owner: string | null, atMs: number): WorkerSession {
    const session = this.bySession.get(sessionId)
    if (!session || session.owner !== owner) throw new NotFoundError('this worker is not registered (any more): register again')
    session.lastSeenMs = atMs
    this.lastHeardMs = atMs
    return session
  }

  /** Ends a session; null where there is none (any more) of this owner. */
  leave(sessionId: string, owner: string | null): WorkerSession | null {
    const session = this.bySession.get(sessionId) ?? null
    if (session?.owner !== owner) return null
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

  /** How long there has been nobody at all, milliseconds; 0 while somebody is there. */
  emptyMs(atMs: number): number {
    return this.bySession.size > 0 ? 0 : Math.max(0, atMs - this.lastHeardMs)
  }

  /** Why a worker gets no jobs until an operator lets it; null = it gets some. */
  cordonOf(workerId: string): string | null {
    return this.cordons.reasonFor(workerId)
  }

  /** Whether there are workers that have the labels, and every one of them is cordoned. */
  get areAllCordoned(): boolean {
    const suited = this.list().filter(({ lacks }) => lacks.length === 0)
    return suited.length > 0 && suited.every(({ worker }) => this.cordonOf(worker.workerId) !== null)
  }

  /** Whether the worker may be given jobs that it does not hold yet. */
  mayBeGivenJobs(workerId: string): boolean {
    return this.cordonOf(workerId) === null && (this.byWorker.get(workerId)?.lacks.length ?? 0) === 0
  }

  /** Memory that a training has on this worker; undefined = not known. */
  memoryOf(workerId: string): number | undefined {
    return this.byWorker.get(workerId)?.worker.memoryBytes
  }

  /** The most memory that a training has on any worker that takes jobs; undefined = not known of any. */
  get largestMemoryBytes(): number | undefined {
    let largest: number | undefined
    for (const session of this.bySession.values()) {
      const { memoryBytes } = session.worker
      if (memoryBytes !== undefined && this.takesJobs(session)) largest = Math.max(largest ?? 0, memoryBytes)
    }
    return largest
  }

  nameOf(workerId: string): string {
    return this.byWorker.get(workerId)?.worker.name ?? workerId
  }

  /** Slots of workers that take jobs. */
  get slots(): number {
    let slots = 0
    for (const session of this.bySession.values()) if (this.takesJobs(session)) slots += session.worker.slots
    return slots
  }

  /** Whether a worker other than this one takes jobs. */
  hasOthers(workerId: string): boolean {
    for (const session of this.bySession.values()) if (this.takesJobs(session) && session.worker.workerId !== workerId) return true
    return false
  }

  private takesJobs({ worker, draining, lacks }: WorkerSession): boolean {
    return !draining && lacks.length === 0 && this.cordons.reasonFor(worker.workerId) === null
  }

  /** A worker that registers again makes room for itself. */
  private requireRoom({ workerId, slots }: WorkerDescription, owner: string | null): void {
    const others = [...this.bySession.values()].filter(({ worker }) => worker.workerId !== workerId)
    requireRoomFor(slots, others, most, 'this coordinator')
    if (owner !== null) requireRoomFor(slots, others.filter((each) => each.owner === owner), mostOfOwner, `the certificate of ${owner}`)
  }

  private remove(session: WorkerSession | null | undefined): void {
    if (!session) return
    this.bySession.delete(session.sessionId)
    if (this.byWorker.get(session.worker.workerId) === session) this.byWorker.delete(session.worker.workerId)
  }
}

function requireRoomFor(slots: number, others: readonly WorkerSession[], limit: typeof most, whose: string): void {
  const taken = others.reduce((sum, { worker }) => sum + worker.slots, 0)
  if (others.length < limit.workers && taken + slots <= limit.slots) return
  const limits = `${limit.workers} workers with ${limit.slots} slots in all`
  throw new UnavailableError(`the limit of ${whose} is ${limits}, and ${others.length} with ${taken} are registered: try again when some have left`)
}
