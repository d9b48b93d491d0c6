import { describe, expect, test } from 'vitest'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { snapshotOf } from '../../coordinator/run/snapshot.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { WorkerRegistry } from '../../coordinator/workers/worker-registry.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder, testConfig } from '../cluster/test-search.js'

const dataset = { classes: 10, manifestHash: 'images' }

function open(directory: string, config: SearchConfig) {
  const store = closing(openSqliteStore(directory))
  const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }
  const opened = openSearch({ config, dataset, store, directory, nowMs: 0, leaseTtlMs: 1000 })
  return { ...opened, store, run: new SearchRun({ config, dataset, ...opened, store, policy: defaultJobPolicy, clock }) }
}

function trainAll({ run }: ReturnType<typeof open>): string[] {
  const encodings: string[] = []
  for (;;) {
    const lease: JobLease | null = run.lease({ workerId: 'w', slot: 0 })
    if (lease === null) return encodings
    const { encoding } = lease.specification
    run.complete(lease, outcomeFor(encoding))
    encodings.push(encoding)
  }
}

describe('a search with constraints', () => {
  const changes = { search: { population: 4, candidates: 40 } }
  const paramsOf = (encoding: string): number => genomeCost(parseGenome(encoding), { resolution: 32, classes: 10 }).params

  test('has nothing that breaks them on its front, and goes where they hold', () => {
    const params = trainAll(open(temporaryFolder(), testConfig(changes))).map(paramsOf)
    const maximum = params.sort((a, b) => a - b)[10]
    const opened = open(temporaryFolder(), testConfig({ ...changes, constraints: [{ name: 'params', maximum }] }))
    const encodings = trainAll(opened)
    const keeps = (encoding: string): boolean => paramsOf(encoding) <= maximum
    expect(encodings.filter(keeps).length).toBeGreaterThan(20)
    for (const leader of [opened.statistics.mostAccurate, opened.statistics.fastest]) expect(leader).toSatisfy((each: typeof leader) => each !== null && keeps(each.encoding))
  })

  test('is another search than one without', () => {
    const directory = temporaryFolder()
    open(directory, testConfig(changes)).store.close()
    expect(() => open(directory, testConfig({ ...changes, constraints: [{ name: 'params', maximum: 1 }] }))).toThrow(/another 'constraints'/)
  })
})

describe('a search with a constraint on throughput', () => {
  const known = (encoding: string): Outcome => {
    const outcome = outcomeFor(encoding)
    if (outcome.kind !== 'succeeded') return outcome
    const { macs } = genomeCost(parseGenome(encoding), { resolution: 32, classes: 10 })
    const median = 1 + macs / 1e5
    return { kind: 'succeeded', result: { ...outcome.result, imagesPerSecond: 16_000 / median, stepMs: { median, p10: median, p90: median } } }
  }
  const config = (minimum: number): SearchConfig => testConfig({ constraints: [{ name: 'imagesPerSecond', minimum }], search: { algorithm: 'nsga2', population: 8, candidates: 30 } })

  /** As trainAll, with a restart of the coordinator after every so many trainings. */
  async function trainWithRestarts(minimum: number, every: number) {
    const directory = temporaryFolder()
    const encodings: string[] = []
    for (let opened = open(directory, config(minimum)); ; opened = open(directory, config(minimum))) {
      for (let i = 0; i < every; i++) {
        const lease = opened.run.lease({ workerId: 'w', slot: 0 })
        if (lease === null) return { encodings, snapshot: snapshotOf({ config: config(minimum), ...opened, workers: new WorkerRegistry(() => '', 1000), nowMs: 0 }) }
        encodings.push(lease.specification.encoding)
        opened.run.complete(lease, known(lease.specification.encoding))
      }
      await opened.store.committed()
      opened.store.close()
    }
  }

  test('says how many networks it has not trained, and goes on the same after restarts', async () => {
    const whole = await trainWithRestarts(2_000, Infinity)
    const interrupted = await trainWithRestarts(2_000, 4)
    expect(whole.encodings).toHaveLength(30)
    // Which of the last is begun first goes by what was measured when all were proposed, or at the restart.
    expect([...interrupted.encodings].sort()).toEqual([...whole.encodings].sort())
    expect(interrupted.encodings.slice(0, 28)).toEqual(whole.encodings.slice(0, 28))
    expect(whole.snapshot.refused).toBeGreaterThan(0)
    expect(interrupted.snapshot.refused).toBe(whole.snapshot.refused)
    expect(whole.snapshot.warnings.join()).not.toMatch(/constraint/)
  })

  test('says so when nothing keeps to it, and trains what is nearest', () => {
    const opened = open(temporaryFolder(), config(1e9))
    for (let i = 0; i < 15; i++) {
      const lease = opened.run.lease({ workerId: 'w', slot: 0 }) as JobLease
      opened.run.complete(lease, known(lease.specification.encoding))
    }
    const { warnings, status } = snapshotOf({ config: config(1e9), ...opened, workers: new WorkerRegistry(() => '', 1000), nowMs: 0 })
    expect(status).toBe('running')
    expect(warnings.join()).toMatch(/hardly any network is predicted to keep to the constraint/)
  })
})

describe('a search with networks to begin with', () => {
  test('trains them before anything else, also those from outside its space', () => {
    const initial = ['020-_16_11-21', '031-_32_1-1-221-11121']
    const encodings = trainAll(open(temporaryFolder(), testConfig({ search: { population: 4, candidates: 8, initial } })))
    expect(encodings.slice(0, 2)).toEqual(initial)
    expect(new Set(encodings).size).toBe(8)
  })
})
