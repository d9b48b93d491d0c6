import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { freePorts } from '../support/free-port.js'
import { killAll, nasoa, type TestProcess } from '../support/processes.js'
import { smallSpace } from '../support/small-space.js'
import { temporaryFolder } from './test-search.js'

afterEach(killAll)

/** Trainings of real networks on real images, as short as they can be. */
const config = {
  name: 'kills',
  seed: 11,
  data: { directory: 'builtin:digits', imagesPerClass: 16, validationImagesPerClass: 4 },
  space: { ...smallSpace, stemChannels: [8, 16], blocks: { min: 3, max: 4 } },
  training: { epochs: 1, batch: 32, resolution: 32, augmentation: 'none' },
  search: { population: 4, candidates: 8 },
  jobs: { leaseTime: '3s' },
}

describe('kill -9 in the middle of a search with real trainings', () => {
  test('of a worker and of the coordinator loses no finished result and counts none twice', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder()
    const [port] = await freePorts(1)
    const address = `127.0.0.1:${port}`
    const configFile = join(folder, 'search.yaml')
    const output = join(folder, 'search')
    writeFileSync(configFile, JSON.stringify(config))
    const startCoordinator = async (): Promise<TestProcess> => {
      const coordinator = nasoa('coordinator', '--config', configFile, '--output', output, '--listen', address, '--json', '--exit-when-done', '--verbose')
      expect(await coordinator.firstDocument()).toMatchObject({ address })
      return coordinator
    }
    const startWorker = (name: string, ...words: string[]): TestProcess =>
      nasoa('worker', '--coordinator', address, '--name', name, '--work', join(folder, name), '--share', '2', '--until-over', ...words)
    const told = (): string[] => readSearchRecord(output).told.map(({ encoding, outcome }) => `${encoding} ${JSON.stringify(outcome)}`)

    let coordinator = await startCoordinator()
    const first = startWorker('first')
    const second = startWorker('second', '--data', 'builtin:digits')
    await coordinator.log(({ msg, verdict }) => msg === 'attempt completed' && verdict === 'accepted')
    // In the middle of a training: it must go to somebody else, without costing the candidate anything.
    const lost = await first.log(({ msg, pid }) => msg === 'training' && pid !== undefined)
    await first.kill()
    await coordinator.log(({ msg }) => msg === 'attempt completed')
    const before = told()
    expect(before.length).toBeGreaterThan(0)
    await coordinator.kill()
    coordinator = await startCoordinator()
    expect(told().slice(0, before.length)).toEqual(before)
    const third = startWorker('first')
    expect(await coordinator.ended).toBe(0)
    expect([await second.ended, await third.ended]).toEqual([0, 0])

    const record = readSearchRecord(output)
    expect(record.status).toBe('finished')
    expect(record.told.map(({ toldSequence }) => toldSequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(new Set(record.told.map(({ encoding }) => encoding)).size).toBe(8)
    expect(record.told.map(({ outcome }) => outcome?.kind)).toEqual(Array(8).fill('succeeded'))
    expect(record.told.map(({ encoding }) => encoding)).toContain(lost.encoding)
    const store = openSqliteStore(output)
    expect([store.pending(), store.openJobs(0)]).toEqual([[], []])
    store.close()

    const zoo = nasoa('zoo', output, '--json')
    expect([await zoo.firstDocument(), await zoo.ended]).toMatchObject([{ status: 'finished', candidates: 8 }, 0])
    const resumed = nasoa('search', 'resume', output)
    expect([await resumed.ended, resumed.stderr.seen.at(-1)]).toEqual([2, expect.stringContaining('goes on with the same command')])
  })
})

describe('wrong usage', () => {
  test('a port in use, an address others can reach, a folder in use: one clear line each', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const configFile = join(folder, 'search.yaml')
    writeFileSync(configFile, JSON.stringify(config))
    const start = (output: string, ...words: string[]): TestProcess => nasoa('coordinator', '--config', configFile, '--output', join(folder, output), '--json', ...words)
    const refusal = async (process: TestProcess): Promise<[number | string, string]> => [await process.ended, process.stderr.seen.at(-1) ?? '']
    const running = start('a', '--listen', '127.0.0.1:0')
    const { address } = (await running.firstDocument()) as { address: string }
    const [code, line] = await refusal(start('b', '--listen', address))
    expect([code, line]).toEqual([1, expect.stringContaining('is in use: stop what uses it')])
    expect(await refusal(start('c', '--listen', '0.0.0.0:0'))).toEqual([2, expect.stringContaining('add --insecure')])
    expect(await refusal(start('a', '--listen', '127.0.0.1:0'))).toEqual([1, expect.stringContaining('another coordinator works in')])
    expect(await refusal(nasoa('worker', '--coordinator', 'nowhere', '--work', join(folder, 'w')))).toEqual([2, expect.stringContaining('host:port')])
    running.signal('SIGTERM')
    expect(await running.ended).toBe(0)
  })
})
