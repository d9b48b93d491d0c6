import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newJob, type HeldJob, type Job } from '../../coordinator/jobs/job.js'
import { JobTable } from '../../coordinator/jobs/job-table.js'
import type { SearchState } from '../../coordinator/search/search.js'
import type { NewCandidate, SearchStore } from '../../coordinator/store/store.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { cancelled, diverged, failed, policy, result, succeeded } from '../jobs/arbitrary.js'

const state: SearchState = { rng: [1, 2, 3, 4], algorithm: 'evolution' }
const search = { id: 'a-search', name: 'test', config: { seed: 1, data: { directory: '/data' } }, createdAtMs: 1000.5, state, evaluation: null, warmStart: null }
const candidate = (sequence: number): NewCandidate => ({
  sequence,
  encoding: `020-_${sequence * 2}_1`,
  operator: 'crossover',
  parents: ['020-_2_1', '031-_2_1'],
  params: 2 ** 53 - 1,
  macs: 2 ** 40,
  activations: 7,
})

/** What every store must keep; `open` opens the store of a folder, which may have been closed or abandoned before. */
export function storeContract(name: string, open: (directory: string) => SearchStore): void {
  describe(name, () => {
    let directory: string
    let store: SearchStore

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'nasoa-store-'))
      store = open(directory)
    })
    afterEach(() => {
      store.close()
      rmSync(directory, { recursive: true, force: true })
    })

    function reopen(): SearchStore {
      store.close()
      store = open(directory)
      return store
    }

    /** A table whose changes are recorded, as a search's are. */
    function recordedTable(onChange: (job: Job) => void = () => undefined): JobTable {
      return new JobTable(policy, (job, ended) => {
        onChange(job)
        store.record({ kind: 'job', job })
        if (ended) store.record({ kind: 'attempt_ended', jobId: job.id, ended })
      })
    }

    function propose(...sequences: number[]): void {
      for (const sequence of sequences) {
        store.record({ kind: 'proposed', candidate: candidate(sequence) })
        store.record({ kind: 'job', job: newJob({ id: sequence, candidate: sequence, encoding: candidate(sequence).encoding }, 0, policy) })
      }
    }

    test('a folder without a search has none; one that was created is read back', () => {
      expect(store.search()).toBeNull()
      store.create(search)
      expect(reopen().search()).toEqual({
        ...search,
        status: 'running',
        statusReason: '',
        ending: null,
        elapsedMs: 0,
        lastCandidate: 0,
        lastJobId: 0,
        lastTold: 0,
        lostAttempts: {},
      })
      expect(() => store.create(search)).toThrow(/already/)
    })

    test('every kind of outcome is read back as it was', async () => {
      store.create(search)
      const outcomes = [
        succeeded,
        { kind: 'succeeded', result: { ...result, checkpoint: '/tmp/checkpoint' } } as const,
        diverged,
        { kind: 'out_of_memory', peakBytes: 2 ** 40, message: 'full' } as const,
        { kind: 'timed_out', limitMs: 1500, message: 'late' } as const,
      ]
      outcomes.forEach((outcome, index) => {
        propose(index + 1)
        store.record({ kind: 'told', sequence: index + 1, toldSequence: index + 1, outcome })
      })
      propose(6, 7)
      store.record({ kind: 'withdrawn', sequence: 6, outcome: failed('disk') })
      store.record({ kind: 'withdrawn', sequence: 7, outcome: cancelled })
      await store.committed()
      reopen()
      expect([...store.told()].map(({ outcome }) => outcome)).toEqual(outcomes)
      expect(store.candidates({ afterSequence: 5, limit: 10, status: null }).map(({ outcome }) => outcome)).toEqual([failed('disk'), cancelled])
    })

    test('candidates come in pages, pending ones by proposal, told ones by telling', async () => {
      store.create(search)
      propose(1, 2, 3, 4)
      store.record({ kind: 'told', sequence: 3, toldSequence: 1, outcome: diverged })
      store.record({ kind: 'told', sequence: 1, toldSequence: 2, outcome: succeeded })
      await store.committed()
      const sequences = (candidates: Iterable<{ sequence: number }>): number[] => [...candidates].map(({ sequence }) => sequence)
      expect(sequences(store.told())).toEqual([3, 1])
      expect(sequences(store.pending())).toEqual([2, 4])
      expect(sequences(store.candidates({ afterSequence: 1, limit: 2, status: null }))).toEqual([2, 3])
      expect(sequences(store.candidates({ afterSequence: 0, limit: 9, status: 'told' }))).toEqual([1, 3])
      expect(store.pending()[0]).toEqual({ ...candidate(2), status: 'pending', outcome: null, toldSequence: null, rung: 0 })
      expect(reopen().search()).toMatchObject({ lastCandidate: 4, lastJobId: 4, lastTold: 2 })
    })

    test('an outcome that was told is never replaced', async () => {
      store.create(search)
      propose(1)
      store.record({ kind: 'told', sequence: 1, toldSequence: 1, outcome: succeeded })
      await store.committed()
      store.record({ kind: 'told', sequence: 1, toldSequence: 2, outcome: diverged })
      store.record({ kind: 'withdrawn', sequence: 1, outcome: cancelled })
      await store.committed()
      expect([...store.told()]).toMatchObject([{ toldSequence: 1, outcome: succeeded }])
    })

    test('a candidate that climbs keeps the results of all its rungs, each told in its turn', async () => {
      store.create(search)
      propose(1, 2)
      store.record({ kind: 'told', sequence: 1, toldSequence: 1, outcome: succeeded, rung: 0 })
      store.record({ kind: 'promoted', sequence: 1, rung: 1 })
      store.record({ kind: 'told', sequence: 2, toldSequence: 2, outcome: succeeded, rung: 0 })
      const better: Outcome = { kind: 'succeeded', result: { ...result, top1: 0.875 } }
      for (const toldSequence of [3, 4]) store.record({ kind: 'told', sequence: 1, toldSequence, outcome: better, rung: 1 })
      store.record({ kind: 'told', sequence: 1, toldSequence: 5, outcome: diverged, rung: 0 })
      store.record({ kind: 'job', job: newJob({ id: 3, candidate: 2, encoding: candidate(2).encoding }, 0, policy) })
      store.record({ kind: 'promoted', sequence: 2, rung: 1 })
      await store.committed()
      reopen()
      expect([...store.told()].map(({ sequence, rung, toldSequence, outcome }) => [sequence, rung, toldSequence, outcome])).toEqual([
        [1, 0, 1, succeeded],
        [2, 0, 2, succeeded],
        [1, 1, 3, better],
      ])
      expect(store.candidates({ afterSequence: 0, limit: 9, status: 'told' })).toMatchObject([{ rung: 1, outcome: better }, { rung: 0 }])
      expect(store.promotions()).toEqual([{ sequence: 1, rung: 1 }, { sequence: 2, rung: 1 }])
      store.record({ kind: 'promotion_cancelled', sequence: 2 })
      await store.committed()
      expect(store.promotions()).toEqual([{ sequence: 1, rung: 1 }])
      expect(store.search()).toMatchObject({ lastTold: 3 })
    })

    test('jobs come back in the state they were left in', async () => {
      store.create(search)
      propose(1, 2, 3, 4, 5)
      const jobs = new Map<number, Job>()
      const table = recordedTable((job) => jobs.set(job.id, job))
      for (const job of [1, 2, 3, 4, 5]) table.insert(newJob({ id: job, candidate: job, encoding: candidate(job).encoding }, 0, policy))
      const leased = ['a', 'b', 'c', 'd'].map((workerId) => table.lease({ workerId, slot: 3 }, 10) as HeldJob)
      table.renew({ jobId: 2, token: 1 }, { workerId: 'b', slot: 3 }, 20)
      table.cancel(3, 'no longer wanted', 30)
      table.complete({ jobId: 4, token: 1 }, succeeded, 40)
      expect(store.outcomeOf({ jobId: 4, token: 1 })).toBe('succeeded')
      await store.committed()
      expect(leased).toHaveLength(4)
      const open = reopen().openJobs(777)
      const expected = [1, 2, 3].map((id) => {
        const job = jobs.get(id) as HeldJob
        return { ...job, state: { ...job.state, expiresAtMs: 777 } }
      })
      expect(open).toEqual([...expected, table.get(5)])
      expect(store.outcomeOf({ jobId: 4, token: 1 })).toBe('succeeded')
      expect(store.outcomeOf({ jobId: 4, token: 2 })).toBeNull()
    })

    test('a job that waits for a larger device still does after a restart, and people see why', async () => {
      store.create(search)
      propose(1)
      const table = recordedTable()
      table.insert(newJob({ id: 1, candidate: 1, encoding: candidate(1).encoding }, 0, policy))
      table.lease({ workerId: 'a', slot: 1 }, 10)
      table.complete({ jobId: 1, token: 1 }, { kind: 'out_of_memory', peakBytes: 99, message: 'full' }, 20, 2 ** 34)
      await store.committed()
      const [job] = reopen().openJobs(0)
      expect(job).toEqual(table.get(1))
      expect(job.outgrown).toEqual({ memoryBytes: 2 ** 34, outcome: { kind: 'out_of_memory', peakBytes: 99, message: 'full' } })
    })

    test('a silent holder survives a restart, and lost attempts are counted by reason', async () => {
      store.create(search)
      propose(1)
      const table = recordedTable()
      table.insert(newJob({ id: 1, candidate: 1, encoding: candidate(1).encoding }, 0, policy))
      table.lease({ workerId: 'a', slot: 1 }, 10)
      table.tick(5000)
      await store.committed()
      expect(reopen().openJobs(0)).toEqual([table.get(1)])
      expect(store.search()?.lostAttempts).toEqual({ worker_lost: 1 })
    })

    test("the search's progress is committed with what depends on it", async () => {
      store.create(search)
      const progress = { state: { ...state, rng: [5, 6, 7, 8] as const }, elapsedMs: 12.5 }
      store.follow(() => progress)
      propose(1)
      expect(store.search()).toMatchObject({ lastCandidate: 0, elapsedMs: 0 })
      await store.committed()
      expect(store.search()).toMatchObject({ lastCandidate: 1, ...progress })
      store.record({ kind: 'status', status: 'stopping', ending: 'finished', reason: 'the budget is used up', atMs: 99 })
      await store.committed()
      expect(reopen().search()).toMatchObject({ status: 'stopping', ending: 'finished', statusReason: 'the budget is used up' })
    })

    test('closing commits what is recorded', () => {
      store.create(search)
      propose(1)
      expect(reopen().search()?.lastCandidate).toBe(1)
    })
  })
}
