import { describe, expect, test } from 'vitest'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder, testConfig } from '../cluster/test-search.js'

const dataset = { classes: 10, manifestHash: 'images' }
const slots = 6

function open(directory: string, config: SearchConfig) {
  const store = closing(openSqliteStore(directory))
  const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }
  const opened = openSearch({ config, dataset, store, directory, nowMs: 0, leaseTtlMs: 1000 })
  const run = new SearchRun({ config, dataset, ...opened, store, policy: defaultJobPolicy, clock })
  run.prepareFor(slots)
  return { store, run }
}

/** A device on which activations cost most, so that the longest are not those of the most MACs. */
function stepMsOf(encoding: string): number {
  const { macs, activations } = genomeCost(parseGenome(encoding), { resolution: 32, classes: 10 })
  return macs / 1e8 + activations / 1e3
}

function outcomeOf({ specification: { encoding } }: JobLease): Outcome {
  const outcome = outcomeFor(encoding)
  const median = stepMsOf(encoding)
  return outcome.kind === 'succeeded' ? { kind: 'succeeded', result: { ...outcome.result, stepMs: { median, p10: median, p90: median } } } : outcome
}

/** Six slots, the one that began first ends first. @returns all leases in order */
function trainAll({ run }: ReturnType<typeof open>, most = Infinity): JobLease[] {
  const leases: JobLease[] = []
  const free = Array.from({ length: slots }, (_, slot) => slot)
  const busy: { readonly lease: JobLease; readonly slot: number }[] = []
  while (leases.length < most) {
    for (let slot = free.shift(); slot !== undefined; slot = free.shift()) {
      const lease = run.lease({ workerId: 'w', slot })
      if (lease === null) break
      leases.push(lease)
      busy.push({ lease, slot })
    }
    const ended = busy.shift()
    if (ended === undefined) return leases
    run.complete(ended.lease, outcomeOf(ended.lease))
    free.push(ended.slot)
  }
  return leases
}

const isDescending = (lengths: readonly number[]): boolean => lengths.every((length, i) => i === 0 || length <= lengths[i - 1])

describe('the end of a search whose budget is a number of candidates', () => {
  const config = testConfig({ search: { algorithm: 'random', population: 4, candidates: 40 } })

  test('begins the longest trainings first, as many as there are slots, and the others as they are proposed', () => {
    const leases = trainAll(open(temporaryFolder(), config))
    expect(leases).toHaveLength(40)
    const steps = leases.map(({ specification }) => stepMsOf(specification.encoding))
    expect(isDescending(steps.slice(-slots))).toBe(true)
    expect(leases.slice(0, -slots).map(({ jobId }) => jobId)).toEqual(Array.from({ length: 40 - slots }, (_, i) => i + 1))
    expect(isDescending(leases.slice(-slots).map(({ specification }) => genomeCost(parseGenome(specification.encoding), { resolution: 32, classes: 10 }).macs))).toBe(false)
  })

  test('also after a restart', async () => {
    const directory = temporaryFolder()
    const first = open(directory, config)
    trainAll(first, 30)
    await first.store.committed()
    first.store.close()
    const after = trainAll(open(directory, config))
    const steps = after.map(({ specification }) => stepMsOf(specification.encoding))
    expect(isDescending(steps.slice(-slots))).toBe(true)
  })

  test('of rungs too: a promotion is as long as what is left of it', () => {
    const rungs = [{ epochs: 1 }, { epochs: 10 }]
    const leases = trainAll(open(temporaryFolder(), testConfig({ rungs, training: { batch: 16, resolution: 32 }, search: { algorithm: 'random', population: 4, candidates: 40 } })))
    expect(leases).toHaveLength(53)
    expect(new Set(leases.map(({ candidate, specification }) => `${candidate} ${specification.stopAfterEpochs ?? 0}`)).size).toBe(53)
  })
})
