import type { AttemptReference } from '../shared/cluster/attempt.js'

/** Slot time of one class of workers, milliseconds. */
export interface SlotTimes {
  /** Of workers that live. */
  readonly aliveMs: number
  /** Spent on attempts that finished, or that still run at the end. */
  readonly usefulMs: number
  /** Spent on attempts that came to nothing. */
  readonly lostMs: number
  /** The rest. */
  readonly idleMs: number
}

interface AttemptTime {
  readonly className: string
  ms: number
  sinceMs: number | null
}

/** Keeps account of what slots spend their time on. */
export class SlotLedger {
  private readonly workers = new Map<string, { readonly className: string; readonly slots: number; upSinceMs: number | null; aliveMs: number }>()
  /** Attempts of which it is not known yet that they finished. */
  private readonly attempts = new Map<string, AttemptTime>()
  private readonly finishedMs = new Map<string, number>()
  private busy = 0
  private alive = 0

  /** Slots that train now. */
  get busySlots(): number {
    return this.busy
  }

  get aliveSlots(): number {
    return this.alive
  }

  workerUp(workerId: string, className: string, slots: number, atMs: number): void {
    const worker = this.workers.get(workerId) ?? { className, slots, upSinceMs: null, aliveMs: 0 }
    worker.upSinceMs = atMs
    this.workers.set(workerId, worker)
    this.alive += slots
  }

  workerDown(workerId: string, atMs: number): void {
    const worker = this.workers.get(workerId)
    if (worker === undefined || worker.upSinceMs === null) throw new RangeError(`worker ${workerId} is not up`)
    worker.aliveMs += atMs - worker.upSinceMs
    worker.upSinceMs = null
    this.alive -= worker.slots
  }

  trainingBegan(attempt: AttemptReference, className: string, atMs: number): void {
    const time = this.attempts.get(keyOf(attempt)) ?? { className, ms: 0, sinceMs: null }
    time.sinceMs = atMs
    this.attempts.set(keyOf(attempt), time)
    this.busy++
  }

  trainingStopped(attempt: AttemptReference, atMs: number): void {
    const time = this.attempts.get(keyOf(attempt))
    if (time === undefined || time.sinceMs === null) throw new RangeError(`attempt ${keyOf(attempt)} does not run`)
    time.ms += atMs - time.sinceMs
    time.sinceMs = null
    this.busy--
  }

  /** The coordinator has counted its outcome, whichever. */
  attemptFinished(attempt: AttemptReference): void {
    const time = this.attempts.get(keyOf(attempt))
    if (time === undefined) return
    this.attempts.delete(keyOf(attempt))
    this.finishedMs.set(time.className, (this.finishedMs.get(time.className) ?? 0) + time.ms)
  }

  /** Accounts by class as they stand; `stillRuns` says which unfinished attempts the coordinator still waits for. */
  timesAt(atMs: number, stillRuns: (attempt: AttemptReference) => boolean): ReadonlyMap<string, SlotTimes> {
    const sums = new Map<string, { aliveMs: number; usefulMs: number; lostMs: number }>()
    const of = (className: string) => {
      const sum = sums.get(className) ?? { aliveMs: 0, usefulMs: this.finishedMs.get(className) ?? 0, lostMs: 0 }
      sums.set(className, sum)
      return sum
    }
    for (const { className, slots, upSinceMs, aliveMs } of this.workers.values()) {
      of(className).aliveMs += slots * (aliveMs + (upSinceMs === null ? 0 : atMs - upSinceMs))
    }
    for (const [key, { className, ms, sinceMs }] of this.attempts) {
      of(className)[stillRuns(attemptOf(key)) ? 'usefulMs' : 'lostMs'] += ms + (sinceMs === null ? 0 : atMs - sinceMs)
    }
    return new Map([...sums].map(([name, sum]) => [name, { ...sum, idleMs: sum.aliveMs - sum.usefulMs - sum.lostMs }]))
  }
}

function keyOf({ jobId, token }: AttemptReference): string {
  return `${jobId}-${token}`
}

function attemptOf(key: string): AttemptReference {
  const [jobId, token] = key.split('-').map(Number)
  return { jobId, token }
}
