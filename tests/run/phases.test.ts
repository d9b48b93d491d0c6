import { describe, expect, test } from 'vitest'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { defaultPhases } from '../../coordinator/run/phases-of.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder, testConfig } from '../cluster/test-search.js'

const dataset = { classes: 10, manifestHash: 'images' }
const holder = { workerId: 'w', slot: 0 }

function open(directory: string, config: SearchConfig) {
  const store = closing(openSqliteStore(directory))
  const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }
  const opened = openSearch({ config, dataset, store, directory, nowMs: 0, leaseTtlMs: 1000 })
  return { store, run: new SearchRun({ config, dataset, ...opened, store, policy: defaultJobPolicy, clock }) }
}

/** Trains what is left, or so many. */
function train({ run }: ReturnType<typeof open>, count = Infinity): string[] {
  const encodings: string[] = []
  while (encodings.length < count) {
    const lease = run.lease(holder)
    if (lease === null) break
    const { encoding } = lease.specification
    run.complete(lease, outcomeFor(encoding))
    encodings.push(encoding)
  }
  return encodings
}

const macroOf = (key: string): string => key.slice(key.indexOf('_'))
const withSearch = (search: Record<string, unknown>, changes: Record<string, unknown> = {}): SearchConfig =>
  testConfig({ search: { algorithm: 'nsga2', population: 4, ...search }, ...changes })

describe('a search whose config names no phases', () => {
  test('goes from blocks to macro structures to both', () => {
    const encodings = train(open(temporaryFolder(), withSearch({ candidates: 100 })))
    expect(encodings).toHaveLength(100)
    expect(new Set(encodings.slice(0, 10).map(macroOf)).size).toBe(1)
    expect(new Set(encodings.slice(10, 20).map(macroOf)).size).toBeGreaterThan(3)
  })

  test('keeps with each candidate which phase proposed it', async () => {
    const opened = open(temporaryFolder(), withSearch({ candidates: 100 }))
    train(opened, 25)
    await opened.store.committed()
    const told = [...opened.store.told()]
    expect(told.map(({ phase }) => phase)).toEqual([...new Array<string>(10).fill('block'), ...new Array<string>(10).fill('macro'), ...new Array<string>(5).fill('joint')])
  })

  test('is the same one however often it is interrupted, and keeps its phases when it is given more candidates', () => {
    const whole = train(open(temporaryFolder(), withSearch({ candidates: 100 })), 60)
    const directory = temporaryFolder()
    const pieces: string[] = []
    for (const candidates of [8, 15, 40, 60]) {
      const opened = open(directory, withSearch({ candidates: Math.max(candidates, 100) }))
      pieces.push(...train(opened, candidates - pieces.length))
      opened.store.close()
    }
    expect(pieces).toEqual(whole)
    const opened = open(directory, withSearch({ candidates: 1000 }))
    expect(train(opened, 5)).toHaveLength(5)
  })

  test('goes on without any if it was begun before there were any', () => {
    const directory = temporaryFolder()
    const before = open(directory, withSearch({ candidates: 100 }, { phases: [] }))
    const first = train(before, 12)
    before.store.close()
    const joint = train(open(temporaryFolder(), withSearch({ candidates: 100 }, { phases: [] })), 30)
    expect([...first, ...train(open(directory, withSearch({ candidates: 100 })), 18)]).toEqual(joint)
  })

  test('trains the networks that it begins with on top of the first phase', () => {
    const initial = ['020-_16_11-21', '031-_32_1-1-221-11121']
    const encodings = train(open(temporaryFolder(), withSearch({ candidates: 100, initial })), 12)
    expect(encodings.slice(0, 2)).toEqual(initial)
    expect(new Set(encodings.slice(2, 12).map(macroOf)).size).toBe(1)
  })
})

describe('the default phases', () => {
  const of = (search: Record<string, unknown>) => defaultPhases(withSearch(search).search)

  test('are a tenth of the candidates each, at most four populations, then joint', () => {
    expect(of({ candidates: 200, population: 24 })).toEqual([{ name: 'block', budget: 20 }, { name: 'macro', budget: 20 }, { name: 'joint' }])
    expect(of({ candidates: 1_000_000, population: 24 }).map(({ budget }) => budget)).toEqual([96, 96, undefined])
  })

  test('are none where one could choose nothing, and of random candidates', () => {
    expect(of({ candidates: 12 })).toEqual([])
    expect(of({ candidates: 1000, algorithm: 'random' })).toEqual([])
  })
})

test.each([[[]], [[{ name: 'joint' }]]])('with phases %j everything may change from the start', (phases) => {
  const encodings = train(open(temporaryFolder(), withSearch({ candidates: 100 }, { phases })), 10)
  expect(new Set(encodings.map(macroOf)).size).toBeGreaterThan(1)
})

test('a search cannot go on with other phases than it was begun with', () => {
  const directory = temporaryFolder()
  open(directory, withSearch({ candidates: 100 })).store.close()
  expect(() => open(directory, withSearch({ candidates: 100 }, { phases: [{ name: 'joint' }] }))).toThrow(/another 'phases'/)
})
