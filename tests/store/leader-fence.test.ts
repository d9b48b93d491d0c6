import { describe, expect, test } from 'vitest'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import type { SearchStore } from '../../coordinator/store/store.js'
import { StaleTokenError, UnavailableError } from '../../shared/errors.js'
import { closing, temporaryFolder } from '../cluster/test-search.js'

const search = { id: 's', name: 'fence', config: {}, createdAtMs: 0, state: {} as never, evaluation: null, warmStart: null }
const stop = { kind: 'status', status: 'stopped', reason: 'by an old leader', ending: null, atMs: 1 } as const

function open(directory: string, leaderEpoch?: number): SearchStore {
  return openSqliteStore(directory, { leaderEpoch })
}

describe('the epoch of the leader', () => {
  test('keeps an earlier leader from writing anything, whenever it wakes', async () => {
    const directory = temporaryFolder()
    const old = open(directory, 7)
    old.create(search)
    const next = closing(open(directory, 9))
    old.record(stop)
    const failure: unknown = await old.committed().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UnavailableError)
    expect((failure as Error).cause).toBeInstanceOf(StaleTokenError)
    expect(readSearchRecord(directory).status).toBe('running')
    // Not even at its end.
    expect(() => old.close()).toThrow(/elected later \(epoch 9, this one has 7\)/)
    next.record({ ...stop, reason: 'by the leader' })
    await next.committed()
    expect(next.search()).toMatchObject({ status: 'stopped', statusReason: 'by the leader' })
  })

  test('keeps an earlier leader from beginning the search', () => {
    const directory = temporaryFolder()
    const old = closing(open(directory, 1))
    const next = closing(open(directory, 2))
    expect(() => old.create(search)).toThrow(StaleTokenError)
    next.create(search)
  })

  test('keeps an earlier leader from opening the store', () => {
    const directory = temporaryFolder()
    open(directory, 5).close()
    expect(() => open(directory, 4)).toThrow(StaleTokenError)
    open(directory, 5).close()
  })

  test('counts anew for a coordinator that has the folder for itself', () => {
    const directory = temporaryFolder()
    open(directory, 5).close()
    open(directory).close()
    open(directory, 1).close()
  })
})

test('a coordinator without elections and elected ones keep each other out of a folder', () => {
  const directory = temporaryFolder()
  const [a, b] = [open(directory, 1), open(directory, 2)]
  expect(() => open(directory)).toThrow(/another coordinator works in/)
  a.close()
  b.close()
  const alone = closing(open(directory))
  expect(() => open(directory, 3)).toThrow(/another coordinator works in/)
  alone.close()
})
