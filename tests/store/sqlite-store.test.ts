import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { diverged, succeeded } from '../jobs/arbitrary.js'
import { storeContract } from './contract.js'

storeContract('SQLite', (directory) => openSqliteStore(directory))

const directories: string[] = []
function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'nasoa-store-'))
  directories.push(directory)
  return directory
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const search = { id: 'a-search', name: 'test', config: {}, createdAtMs: 0, state: { rng: [1, 2, 3, 4] as const }, evaluation: null, warmStart: null }
const candidate = { sequence: 1, encoding: '020-_2_1', operator: 'sample', parents: [], params: 1, macs: 2, activations: 3 }

describe('SQLite', () => {
  test('a second coordinator is kept out of a folder while the first one lives', () => {
    const directory = folder()
    const store = openSqliteStore(directory)
    expect(() => openSqliteStore(directory)).toThrow(/another coordinator works in/)
    store.close()
    openSqliteStore(directory).close()
  })

  test('a killed process leaves no lock behind', () => {
    const directory = folder()
    const script = `
      const Database = require('libsql')
      const database = new Database(${JSON.stringify(join(directory, 'coordinator.lock'))})
      database.exec('BEGIN EXCLUSIVE')
      process.kill(process.pid, 'SIGKILL')`
    expect(spawnSync(process.execPath, ['-e', script], { cwd: join(import.meta.dirname, '../..') }).signal).toBe('SIGKILL')
    openSqliteStore(directory).close()
  })

  test('the file of an older version is brought to the newest schema, with all that it holds', () => {
    const directory = folder()
    const older = new Database(join(directory, 'search.db'))
    older.exec(readFileSync(join(import.meta.dirname, '../fixtures/search-schema-8.sql'), 'utf8'))
    older.close()
    const store = openSqliteStore(directory)
    expect(store.search()).toMatchObject({ name: 'demo', lastCandidate: 17, lastJobId: 17 })
    expect([...store.told()]).toHaveLength(14)
    expect(store.openJobs(0).length + [...store.told()].length).toBe(17)
    store.close()
    const database = new Database(join(directory, 'search.db'))
    expect(database.pragma('foreign_key_check')).toEqual([])
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(database.prepare('SELECT count(*) AS n FROM epochs').get()).toMatchObject({ n: 28 })
    database.close()
  })

  test('the file of a newer version is refused', () => {
    const directory = folder()
    openSqliteStore(directory).close()
    const database = new Database(join(directory, 'search.db'))
    database.pragma('user_version = 99')
    database.close()
    expect(() => openSqliteStore(directory)).toThrow(/newer version of nasoa \(schema 99/)
    expect(() => openSqliteStore(directory)).toThrow(/newer version/)
  })

  test('results can be read with plain SQL while the search goes on', async () => {
    const directory = folder()
    const store = openSqliteStore(directory)
    store.create(search)
    store.record({ kind: 'proposed', candidate })
    store.record({ kind: 'told', sequence: 1, toldSequence: 1, outcome: succeeded })
    await store.committed()
    const reader = new Database(join(directory, 'search.db'), { readonly: true })
    const rows = reader.prepare('SELECT encoding, top1, images_per_second, step_ms FROM candidates').all()
    reader.close()
    store.close()
    expect(rows).toEqual([{ encoding: '020-_2_1', top1: 0.5, images_per_second: 100, step_ms: 10 }])
  })

  test('a write that fails is reported, kept, and written when the store can be written again', async () => {
    const directory = folder()
    const errors: (Error | null)[] = []
    const store = openSqliteStore(directory, { observeCommit: (_changes, _durationMs, error) => errors.push(error) })
    store.create(search)
    const saboteur = new Database(join(directory, 'search.db'))
    saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON candidates BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    store.record({ kind: 'proposed', candidate })
    await expect(store.committed()).rejects.toThrow(/cannot be written \(.*disk full/)
    saboteur.exec('DROP TRIGGER full')
    saboteur.close()
    store.record({ kind: 'told', sequence: 1, toldSequence: 1, outcome: diverged })
    await store.committed()
    expect(errors.at(0)).toBeInstanceOf(Error)
    expect(errors.at(-1)).toBeNull()
    expect([...store.told()]).toMatchObject([{ sequence: 1, outcome: diverged }])
    store.close()
  })

  test('all changes of one turn of the event loop are one transaction', async () => {
    const commits: number[] = []
    const store = openSqliteStore(folder(), { observeCommit: (changes) => commits.push(changes) })
    store.create(search)
    for (let sequence = 1; sequence <= 50; sequence++) {
      store.record({ kind: 'proposed', candidate: { ...candidate, sequence, encoding: `020-_${2 * sequence}_1` } })
    }
    await Promise.all([store.committed(), store.committed()])
    expect(commits).toEqual([50])
    store.close()
  })
})
