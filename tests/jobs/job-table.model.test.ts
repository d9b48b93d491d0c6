import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JobTable } from '../../coordinator/jobs/job-table.js'
import { isHeld, newJob, type Job } from '../../coordinator/jobs/job.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { cancelled, diverged, failed, policy, succeeded } from './arbitrary.js'

/** What must hold of a job, in the fewest words: how often it was handed out, whether it has ended, and with which outcomes. */
interface ModelJob {
  tokens: number
  ends: Outcome[]
  failures: number
}

interface Model {
  now: number
  readonly jobs: Map<number, ModelJob>
}

interface Real {
  readonly table: JobTable
  readonly done: Map<number, Job>
}

const holders = ['a', 'b', 'c'].flatMap((workerId) => [0, 1].map((slot) => ({ workerId, slot })))
const outcomes: readonly Outcome[] = [succeeded, diverged, cancelled, failed(), failed('network')]

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
        const job = table.lease(holder, false, now)
        if (!job) return
        const known = jobs.get(job.id) as ModelJob
        known.tokens++
        expect(job.attempt).toBe(known.tokens)
        expect(known.ends).toEqual([])
      }),
  ),
  fc.tuple(jobId, fc.integer({ min: 0, max: 3 }), fc.constantFrom(...outcomes)).map(
    ([id, age, outcome]) =>
      new Step(`complete ${id} with the token ${age} back: ${outcome.kind}`, ({ now, jobs }, { table, done }) => {
        const known = jobs.get(id) as ModelJob
        const token = known.tokens - age
        const before = done.size
        const verdict = table.complete({ jobId: id, token }, outcome, now)
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
    model.jobs.set(id, { tokens: 0, ends: [], failures: 0 })
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
      const job = table.heldBy(holder) ?? table.lease(holder, false, atMs)
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
      for (const { ends } of setup.model.jobs.values()) expect(ends).toHaveLength(1)
    }),
    { numRuns: 300 },
  )
})
