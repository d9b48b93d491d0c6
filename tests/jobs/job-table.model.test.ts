import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JobTable } from '../../coordinator/jobs/job-table.js'
import { isHeld, newJob, type Job } from '../../coordinator/jobs/job.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { cancelled, diverged, failed, outOfMemory, policy, succeeded } from './arbitrary.js'

/** What must hold of a job, in the fewest words: how often it was handed out, whether it has ended, and with which outcomes. */
interface ModelJob {
  tokens: number
  ends: Outcome[]
  /** Memory of the device that it ran out of, where it was to be tried on a larger one; null = it was not. */
  outgrown: number | null
}

interface Model {
  now: number
  readonly jobs: Map<number, ModelJob>
}

interface Real {
  readonly table: JobTable
  readonly done: Map<number, Job>
}

const memories = { a: 100, b: 105, c: 200 }
const holders = (['a', 'b', 'c'] as const).flatMap((workerId) => [0, 1].map((slot) => ({ workerId, slot, memoryBytes: memories[workerId] })))
const outcomes: readonly Outcome[] = [succeeded, diverged, cancelled, outOfMemory, failed(), failed('network')]

/** As the coordinator finds it out from who is registered. */
function outgrownBy(job: Job | undefined): number | null {
  if (!job) return null
  const holder = isHeld(job) ? job.state : job.state.kind === 'queued' ? job.state.silentHolder : null
  return holder && holder.workerId !== 'c' ? memories[holder.workerId as 'a' | 'b'] : null
}

class Step implements fc.Command<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly act: (model: Model, real: Real) => void,
  ) {}

  check(): boolean {
    return true
  }

  run(model: Model, real: Real): void {
    this.act(model, real)
    for (const [id, { tokens, ends }] of model.jobs) {
      const job = real.table.get(id)
      // A job is in the table until it has ended, ends once, and its only valid token is the last one handed out.
      expect([id, job === undefined, ends.length]).toEqual([id, ends.length === 1, real.done.has(id) ? 1 : 0])
      if (job) expect(job.attempt).toBe(tokens)
    }
    const held = real.table.held()
    expect(new Set(held.map(({ state }) => `${state.workerId}/${state.slot}`)).size).toBe(held.length)
  }

  toString(): string {
    return this.name
  }
}

const jobId = fc.integer({ min: 1, max: 4 })
const steps = [
  fc.constantFrom(...holders).map(
    (holder) =>
      new Step(`lease ${holder.workerId}/${holder.slot}`, ({ now, jobs }, { table }) => {
        if (table.heldBy(holder)) return
        const job = table.lease(holder, now)
        if (!job) return
        const known = jobs.get(job.id) as ModelJob
        known.tokens++
        expect(job.attempt).toBe(known.tokens)
        expect(known.ends).toEqual([])
        // What did not fit is never tried on a device of the same size again.
        if (known.outgrown !== null) expect(holder.memoryBytes).toBeGreaterThanOrEqual(1.1 * known.outgrown)
      }),
  ),
  fc.tuple(jobId, fc.integer({ min: 0, max: 3 }), fc.constantFrom(...outcomes)).map(
    ([id, age, outcome]) =>
      new Step(`complete ${id} with the token ${age} back: ${outcome.kind}`, ({ now, jobs }, { table, done }) => {
        const known = jobs.get(id) as ModelJob
        const token = known.tokens - age
        const before = done.size
        const outgrown = outgrownBy(table.get(id))
        const wasOutgrown = known.outgrown
        const verdict = table.complete({ jobId: id, token }, outcome, now, outgrown)
        if (verdict === 'moved' && outcome.kind === 'out_of_memory' && !done.has(id)) {
          expect([wasOutgrown, outgrown]).toEqual([null, expect.any(Number)])
          known.outgrown = outgrown
        }
        if (age > 0 || token < 1) expect(['stale', 'unknown']).toContain(verdict)
        if (verdict !== 'moved') expect(done.size).toBe(before)
      }),
  ),
  fc.tuple(jobId, fc.constantFrom(...holders)).map(
    ([id, holder]) =>
      new Step(`renew ${id} by ${holder.workerId}/${holder.slot}`, ({ now, jobs }, { table }) => {
        const job = table.get(id)
        const owns = job && (isHeld(job) ? job.state : job.state.kind === 'queued' ? job.state.silentHolder : null)
        const mine = owns?.workerId === holder.workerId && owns.slot === holder.slot
        const other = table.heldBy(holder)
        if (other && other.id !== id) return
        const verdict = table.renew({ jobId: id, token: (jobs.get(id) as ModelJob).tokens }, holder, now)
        expect(verdict).toBe(job === undefined ? 'unknown' : mine && job.attempt > 0 ? 'moved' : 'stale')
      }),
  ),
  jobId.map((id) => new Step(`release ${id}`, ({ now, jobs }, { table }) => void table.release({ jobId: id, token: (jobs.get(id) as ModelJob).tokens }, 'drained', now))),
  jobId.map((id) => new Step(`cancel ${id}`, ({ now }, { table }) => void table.cancel(id, 'stopped', now))),
  fc.constantFrom(undefined, 100, 200).map((largest) => new Step(`the largest device has ${largest}`, ({ now }, { table }) => table.giveUpLarger(largest, now))),
  fc.integer({ min: 1, max: 1500 }).map(
    (durationMs) =>
      new Step(`wait ${durationMs}`, (model, { table }) => {
        model.now += durationMs
        table.tick(model.now)
        expect(table.nextDueMs()).toBeGreaterThan(model.now)
      }),
  ),
]

function setUp(): { model: Model; real: Real } {
  const model: Model = { now: 0, jobs: new Map() }
  const done = new Map<number, Job>()
  const table = new JobTable(policy, (job) => {
    const known = model.jobs.get(job.id) as ModelJob
    if (job.state.kind !== 'done') return
    known.ends.push(job.state.outcome)
    done.set(job.id, job)
  })
  for (let id = 1; id <= 4; id++) {
    model.jobs.set(id, { tokens: 0, ends: [], outgrown: null })
    table.insert(newJob({ id, candidate: id, encoding: `network-${id}` }, 0, policy))
  }
  return { model, real: { table, done } }
}

/** Lets the rest of the search go well: whatever happened before, every job must come to an end. */
function finish({ now }: Model, { table }: Real): void {
  for (let round = 1; round <= 40; round++) {
    const atMs = now + round * 2000
    table.tick(atMs)
    for (const holder of holders) {
      const job = table.heldBy(holder) ?? table.lease(holder, atMs)
      if (job) table.complete({ jobId: job.id, token: job.attempt }, succeeded, atMs)
    }
  }
}

test('at most one valid token per job, a stale one never counts, and every job ends once', () => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 60 }), (commands) => {
      const setup = setUp()
      fc.modelRun(() => setup, commands)
      finish(setup.model, setup.real)
      for (const { ends, outgrown } of setup.model.jobs.values()) {
        expect(ends).toHaveLength(1)
        // What is known of a job is never lost to a failure.
        if (outgrown !== null) expect(['failed', 'cancelled']).not.toContain(ends[0].kind)
      }
    }),
    { numRuns: 300 },
  )
})
