import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { takenOverOperator } from '../../coordinator/run/candidates-in-flight.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { buildZoo } from '../../coordinator/zoo/zoo.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { readSources } from '../../coordinator/warm-start/read-source.js'
import { warmStartReport } from '../../coordinator/warm-start/warm-start-report.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder, testConfig } from '../cluster/test-search.js'

const images = { classes: 10, manifestHash: 'images' }
const holder = { workerId: 'w', slot: 0 }
const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) }

function open(directory: string, config: SearchConfig, dataset: { classes: number; manifestHash?: string } = images) {
  const store = closing(openSqliteStore(directory))
  const opened = openSearch({ config, dataset, store, directory, nowMs: 0, leaseTtlMs: 1000 })
  return { ...opened, store, run: new SearchRun({ config, dataset, ...opened, store, policy: defaultJobPolicy, clock }) }
}

type Opened = ReturnType<typeof open>

function train({ run }: Opened, count = Infinity): string[] {
  const encodings: string[] = []
  while (encodings.length < count) {
    const lease = run.lease(holder)
    if (lease === null) break
    run.complete(lease, outcomeFor(lease.specification.encoding))
    encodings.push(lease.specification.encoding)
  }
  return encodings
}

const configOf = (changes: Record<string, unknown> = {}, search: Record<string, unknown> = {}): SearchConfig =>
  testConfig({ search: { algorithm: 'nsga2', population: 8, candidates: 20, ...search }, ...changes })

/** A search that has ended, and what it trained. */
function earlierSearch(changes: Record<string, unknown> = {}) {
  const directory = temporaryFolder()
  const opened = open(directory, configOf(changes))
  const encodings = train(opened)
  opened.store.close()
  return { directory, encodings }
}

const later = (from: string, changes: Record<string, unknown> = {}, search: Record<string, unknown> = {}): SearchConfig =>
  configOf({ seed: 8, ...changes }, { warmStart: [{ from }], ...search })

const frontOf = ({ store }: Opened): string[] => {
  const candidates = [...store.told()].flatMap(({ encoding, outcome, ...cost }) =>
    outcome?.kind === 'succeeded' ? [{ encoding, ...cost, top1: outcome.result.top1, imagesPerSecond: outcome.result.imagesPerSecond, stepMs: outcome.result.stepMs.median }] : [],
  )
  return buildZoo(candidates).zoo.map(({ encoding }) => encoding)
}

describe('a warm start from a search of the same recipe, images and device', () => {
  test('counts its results as own ones, trains none of them again, and uses up no budget', async () => {
    const { directory, encodings } = earlierSearch()
    const opened = open(temporaryFolder(), later(directory))
    expect(opened.run.takenOver).toBeNull()
    expect(opened.run.lease(holder)).toBeNull()
    expect(opened.run.workerJoined('simulated')).toBe(20)
    expect(opened.run.workerJoined('simulated')).toBeNull()
    const trained = train(opened)
    expect(trained).toHaveLength(20)
    expect(trained.filter((encoding) => encodings.includes(encoding))).toEqual([])
    await opened.store.committed()
    const told = [...opened.store.told()]
    expect(told.map(({ encoding, operator }) => (operator === takenOverOperator ? encoding : null)).slice(0, 21)).toEqual([...encodings, null])
    expect(opened.statistics.trained).toBe(20)
    expect(opened.statistics.frontSize).toBe(frontOf(opened).length)
  })

  test('goes on exactly where it was interrupted, before a worker came or after, its sources gone', async () => {
    const { directory } = earlierSearch()
    const config = later(directory)
    const whole = open(temporaryFolder(), config)
    whole.run.workerJoined('simulated')
    const wanted = train(whole)
    for (const cut of [0, 1, 9]) {
      const folder = temporaryFolder()
      open(folder, config).store.close()
      const gone = { ...config, search: { ...config.search, warmStart: [{ from: '/nonexistent' }] } }
      const before = open(folder, gone)
      before.run.workerJoined('simulated')
      const first = train(before, cut)
      await before.store.committed()
      before.store.close()
      const after = open(folder, gone)
      if (cut === 0) after.run.workerJoined('simulated')
      expect([...first, ...train(after)]).toEqual(wanted)
      expect(after.run.takenOver).toBe(20)
      expect(after.statistics.trained).toBe(20)
    }
  })

  test('of two sources that know a network one result counts', () => {
    const { directory } = earlierSearch()
    const opened = open(temporaryFolder(), configOf({}, { warmStart: [{ from: directory }, { from: join(directory, 'search.db') }] }))
    expect(opened.run.workerJoined('simulated')).toBe(20)
  })

  test('with rungs takes over whole trainings, which are promoted no further', async () => {
    const rungs = { rungs: [{ epochs: 1 }, { epochs: 3 }], training: { batch: 16, resolution: 32 } }
    const { directory } = earlierSearch(rungs)
    const opened = open(temporaryFolder(), later(directory, rungs))
    const taken = opened.run.workerJoined('simulated') ?? 0
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(20)
    train(opened)
    await opened.store.committed()
    const known = [...opened.store.told()].filter(({ operator }) => operator === takenOverOperator)
    expect(known.map(({ rung }) => rung)).toEqual(new Array(taken).fill(1))
    expect(opened.store.promotions().filter(({ sequence }) => known.some((each) => each.sequence === sequence))).toEqual([])
  })
})

describe('a warm start from a search whose results cannot be compared', () => {
  test.each([
    ['another recipe', { training: { epochs: 2, batch: 16, resolution: 32 } }, images, /another recipe or on other images/],
    ['another seed of the trainings', { training: { epochs: 1, batch: 16, resolution: 32, seed: 1 } }, images, /another recipe or on other images/],
    ['other images', {}, { classes: 10, manifestHash: 'others' }, /another recipe or on other images/],
    ['images that are not known here', {}, { classes: 10 }, /images of this search are not known/],
  ])('takes nothing over with %s, but trains its best networks first', (_, changes, dataset, why) => {
    const { directory, encodings } = earlierSearch()
    const opened = open(temporaryFolder(), later(directory, changes), dataset)
    expect(opened.run.workerJoined('simulated')).toBe(0)
    const { first = [], sources = [] } = opened.warmStart ?? {}
    expect(first.length).toBeGreaterThan(0)
    expect(first.length).toBeLessThanOrEqual(4)
    expect(encodings).toEqual(expect.arrayContaining([...first]))
    expect(train(opened).slice(0, first.length)).toEqual(first)
    expect(sources[0].reason).toMatch(why)
  })

  test('never mixes devices: on another one nothing counts, and the report says so', () => {
    const { directory } = earlierSearch()
    const opened = open(temporaryFolder(), later(directory))
    expect(opened.run.workerJoined('another device')).toBe(0)
    expect(opened.warmStart && warmStartReport(opened.warmStart, opened.run.takenOver).at(-1)).toMatch(/0 results taken over.*20 only inform.*not measured on a device of this search.*simulated/)
    expect(train(opened)).toHaveLength(20)
  })

  test('takes nothing over from a store that does not say what its results can be compared with', () => {
    const { directory } = earlierSearch()
    const database = new Database(join(directory, 'search.db'))
    database.exec('UPDATE search SET evaluation = NULL')
    database.close()
    const opened = open(temporaryFolder(), later(directory))
    expect(opened.run.workerJoined('simulated')).toBe(0)
    expect(opened.warmStart?.sources[0].reason).toMatch(/does not say which images/)
  })
})

describe('a warm start from a list', () => {
  const write = (name: string, text: string): string => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, text)
    return path
  }
  const networks = ['020-_16_2-1-1', '10001-_8_1-1-2', '020-_8_1-1-2']

  test('reads columns by name, accuracies in percent, and trains its front first', () => {
    const from = write('list.csv', `network,accuracy,latency\n${networks.map((each, i) => `${each},${60 + i * 5},${10 - i}`).join('\n')}\n`)
    const columns = { encoding: 'network', top1: 'accuracy', stepMs: 'latency' }
    const [source] = readSources([{ from, columns }])
    expect(source.networks.map(({ top1, stepMs }) => [top1, stepMs])).toEqual([[0.6, 10], [0.65, 9], [0.7, 8]])
    const opened = open(temporaryFolder(), configOf({}, { warmStart: [{ from, columns }] }))
    expect(opened.warmStart?.sources[0]).toMatchObject({ networks: 3, outside: 1, first: 1, reason: 'it has no whole trainings of a search' })
    opened.run.workerJoined('simulated')
    expect(train(opened)[0]).toBe(networks[2])
  })

  test('equal networks are one, however they are written', () => {
    const from = write('list.csv', 'encoding,top1\n020-_8_1-1-2,0.5\n020-a02_8_1-1-2,0.6\n')
    const opened = open(temporaryFolder(), configOf({}, { warmStart: [{ from }] }))
    expect(opened.warmStart?.first).toEqual(['020-_8_1-1-2'])
    expect(opened.warmStart?.sources[0].networks).toBe(1)
  })

  test('reads a zoo.json', () => {
    const from = write('zoo.json', JSON.stringify({ deviceClasses: ['x'], zoo: [{ encoding: '020-_8_1-1-2', top1: 0.5, stepMs: 3 }] }))
    expect(readSources([{ from }])[0].networks).toEqual([{ encoding: '020-_8_1-1-2', top1: 0.5, stepMs: 3 }])
  })

  test.each([
    ['list.csv', 'encoding,accuracy\n020-_8_1-1-2,0.5\n', /has no column top1; it has encoding, accuracy/],
    ['list.csv', 'encoding,top1\n020-_8_1-1-2,0.5\n9_,0.5\n', /:3: invalid encoding "9_"/],
    ['list.csv', 'encoding,top1\n020-_8_1-1-2,high\n', /:2: top1 is 'high'/],
    ['list.csv', 'encoding,top1\n020-_8_1-1-2,101\n', /:2: top1 is 101, which is no accuracy/],
    ['list.csv', '', /is empty/],
    ['zoo.json', '{"zoo": 3}', /is no zoo of a search: zoo: /],
    ['zoo.json', 'not JSON', /cannot read the zoo/],
  ])('refuses %s of %j in one line', (name, text, expected) => {
    const from = write(name, text)
    let message = ''
    try {
      readSources([{ from }])
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toMatch(expected)
    expect(message).toMatch(/^search\.warmStart\.0: /)
    expect(message.split('\n')).toHaveLength(1)
  })

  test('refuses what is not there, and a folder without a search', () => {
    expect(() => readSources([{ from: '/nonexistent/list.csv' }])).toThrow(/there is no \/nonexistent\/list\.csv/)
    const folder = join(temporaryFolder(), 'empty')
    mkdirSync(folder)
    expect(() => readSources([{ from: folder }])).toThrow(/no search in .*empty/)
  })
})
