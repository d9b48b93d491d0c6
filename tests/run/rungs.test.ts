import { cpSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { snapshotOf } from '../../coordinator/run/snapshot.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { WorkerRegistry } from '../../coordinator/workers/worker-registry.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import { searchConfigSchema } from '../../shared/config/search-config.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder, testConfig } from '../cluster/test-search.js'

const rungs = [{ epochs: 1, resolution: 16 }, { epochs: 3 }, { epochs: 9 }]
const config = testConfig({ training: { batch: 16, resolution: 32 }, rungs, search: { population: 4, candidates: 20, reduction: 2 } })
const holder = { workerId: 'w', slot: 0 }

/** More epochs, more accuracy: by the network and the rung alone. */
function trained({ specification: { encoding, stopAfterEpochs = 9 } }: JobLease): Outcome {
  const outcome = outcomeFor(encoding)
  if (outcome.kind !== 'succeeded') return outcome
  return { kind: 'succeeded', result: { ...outcome.result, epochs: stopAfterEpochs, top1: outcome.result.top1 * (1 - 0.5 / stopAfterEpochs) } }
}

function open(directory: string, of = config) {
  const store = closing(openSqliteStore(directory))
  const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }
  const dataset = { classes: 10, manifestHash: 'images' }
  const opened = openSearch({ config: of, dataset, store, directory, nowMs: 0, leaseTtlMs: 1000 })
  const run = new SearchRun({ config: of, dataset, ...opened, store, policy: defaultJobPolicy, clock })
  const snapshot = () => snapshotOf({ config: of, run, ...opened, workers: new WorkerRegistry(() => '', 1000), nowMs: 0 })
  return { store, run, opened, snapshot }
}

type Opened = ReturnType<typeof open>

function leaseAndTrain({ run }: Opened): JobLease | null {
  const lease = run.lease(holder)
  if (lease !== null) expect(run.complete(lease, trained(lease))).toBe('accepted')
  return lease
}

function trainAll(opened: Opened): JobLease[] {
  const leases: JobLease[] = []
  for (let lease = leaseAndTrain(opened); lease !== null; lease = leaseAndTrain(opened)) leases.push(lease)
  return leases
}

const marksOf = (leases: readonly JobLease[]): string[] => leases.map(({ candidate, specification }) => `${candidate}@${specification.stopAfterEpochs}`)

describe('a search with rungs', () => {
  test('trains every candidate on the lowest, and the best halves further, each once, from its own checkpoint', async () => {
    const opened = open(temporaryFolder())
    const leases = trainAll(opened)
    const marks = marksOf(leases)
    expect(new Set(marks).size).toBe(marks.length)
    const on = (epochs: number): JobLease[] => leases.filter(({ specification }) => specification.stopAfterEpochs === epochs)
    expect([on(1).length, on(3).length, on(9).length]).toEqual([20, 10, 5])
    expect(on(1)[0].specification).toMatchObject({ recipe: { epochs: 9, resolution: 16 }, lineage: 'images', manifestHash: 'images' })
    expect(on(3)[0].specification).toMatchObject({ recipe: { epochs: 9, resolution: 32 }, lineage: 'images' })
    expect(opened.run.status).toBe('finished')
    // Promotions do not wait for the lowest rung to be full.
    expect(marks.indexOf(marks.find((mark) => mark.endsWith('@9')) as string)).toBeLessThan(marks.lastIndexOf(marks.filter((mark) => mark.endsWith('@1')).at(-1) as string))
    expect(opened.snapshot()).toMatchObject({
      trained: 20,
      rungs: [
        { epochs: 1, results: 20, promoted: 10 },
        { epochs: 3, results: 10, promoted: 5 },
        { epochs: 9, results: 5, promoted: 0 },
      ],
    })
    await opened.store.committed()
    const rows = [...opened.store.told()]
    expect(rows.map(({ sequence, outcome }) => [sequence, outcome])).toEqual(leases.map((lease) => [lease.candidate, trained(lease)]))
  })

  test('counts results of whole trainings only for the front', () => {
    const opened = open(temporaryFolder())
    const leases = trainAll(opened)
    const whole = leases.filter(({ specification }) => specification.stopAfterEpochs === 9).map(trained)
    const accuracies = whole.flatMap((outcome) => (outcome.kind === 'succeeded' ? [outcome.result.top1] : []))
    expect(opened.snapshot().mostAccurate?.top1).toBe(Math.max(...accuracies))
    expect(opened.snapshot().frontSize).toBeLessThanOrEqual(accuracies.length)
  })

  test('judges the accuracy on a rung by the training loss, and costs beside it', () => {
    const opened = open(temporaryFolder())
    const losses = new Map<number, number>()
    const promoted: number[] = []
    for (let lease = opened.run.lease(holder); lease !== null; lease = opened.run.lease(holder)) {
      const { candidate, specification, specification: { stopAfterEpochs = 9 } } = lease
      if (stopAfterEpochs === 3) promoted.push(candidate)
      // All are as fast, whoever has the better accuracy the worse loss.
      const outcome = outcomeFor('fast')
      if (outcome.kind !== 'succeeded') throw new Error('it should have a result')
      const loss = (specification.encoding.length * 7919 + candidate * 31) % 101
      losses.set(candidate, loss)
      opened.run.complete(lease, { kind: 'succeeded', result: { ...outcome.result, epochs: stopAfterEpochs, loss, top1: 0.2 + loss / 200 } })
    }
    // Each promotion was the least loss of those that had a result by then.
    expect(promoted).toHaveLength(10)
    const order = [...losses].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([candidate]) => candidate)
    expect(promoted).toContain(order[0])
    expect(promoted).not.toContain(order[19])
  })

  test('goes on where a killed coordinator left it: same trainings in the same order, none lost, none twice', async () => {
    const whole = marksOf(trainAll(open(temporaryFolder())))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length - 1 }), async (cut) => {
        const directory = temporaryFolder()
        const before = open(directory)
        const done: JobLease[] = []
        for (let i = 0; i < cut; i++) done.push(leaseAndTrain(before) as JobLease)
        await before.store.committed()
        // What is on the disk now is what a killed process leaves; the log has not been folded into the file.
        const left = temporaryFolder()
        for (const name of ['search.db', 'search.db-wal']) cpSync(join(directory, name), join(left, name))
        const after = open(left)
        expect(marksOf([...done, ...trainAll(after)])).toEqual(whole)
        expect(after.run.status).toBe('finished')
      }),
      { numRuns: 8 },
    )
  }, 60_000)

  test('a promotion that was cancelled with the search is made when it goes on with a larger budget', async () => {
    const directory = temporaryFolder()
    const before = open(directory)
    const done: JobLease[] = []
    while (!marksOf(done).some((mark) => mark.endsWith('@9'))) done.push(leaseAndTrain(before) as JobLease)
    let lease = before.run.lease(holder) as JobLease
    for (; lease.specification.stopAfterEpochs === 1; lease = before.run.lease(holder) as JobLease) before.run.complete(lease, trained(lease))
    before.run.complete(lease, { kind: 'cancelled', message: 'asked to' })
    await before.store.committed()
    before.store.close()
    const after = open(directory)
    const rest = trainAll(after)
    expect(marksOf(rest)).toContain(marksOf([lease])[0])
    expect(after.snapshot().rungs.map(({ results }) => results)).toEqual([20, 10, 5])
  })

  test('another ladder is another search', async () => {
    const directory = temporaryFolder()
    const before = open(directory)
    leaseAndTrain(before)
    await before.store.committed()
    before.store.close()
    const other = testConfig({ training: { batch: 16, resolution: 32 }, rungs: [{ epochs: 3 }, { epochs: 9 }], search: { population: 4, candidates: 20, reduction: 2 } })
    expect(() => open(directory, other)).toThrow(/another 'rungs'/)
  })
})

describe('the config of rungs', () => {
  const parse = (changes: Record<string, unknown>): unknown => searchConfigSchema.safeParse({ data: { directory: 'builtin:digits' }, ...changes })

  test('ends with the whole training, whose epochs need not be said twice', () => {
    expect(testConfig({ training: {}, rungs: [{ epochs: 2 }, { epochs: 8 }] }).training.epochs).toBe(8)
    expect(testConfig({ training: { epochs: 8 }, rungs: [{ epochs: 2 }, { epochs: 8 }] }).training.epochs).toBe(8)
    expect(testConfig({ training: {} }).training.epochs).toBe(5)
  })

  test.each([
    [{ training: { epochs: 9 }, rungs: [{ epochs: 2 }, { epochs: 8 }] }, /same epochs/],
    [{ rungs: [{ epochs: 2 }, { epochs: 2 }] }, /more epochs than the one before/],
    [{ rungs: [{ epochs: 2 }, { epochs: 4, resolution: 64 }] }, /last rung is the whole training/],
    [{ rungs: [{ epochs: 2 }] }, /rungs/],
    [{ rungs: [{ epochs: 2 }, { epochs: 4 }], search: { reduction: 1 } }, /reduction/],
  ])('refuses %j', (changes, message) => {
    expect(JSON.stringify(parse(changes))).toMatch(message)
  })
})
