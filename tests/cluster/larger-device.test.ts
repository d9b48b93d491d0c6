import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../shared/training/outcome.js'
import { runProgram } from '../support/program.js'
import { ScriptedWorker, coordinator, temporaryFolder, testConfig } from './test-search.js'

const gib = 2 ** 30
const full: Outcome = { kind: 'out_of_memory', peakBytes: 20 * gib, message: 'OOM when allocating' }

async function workerWith(address: string, workerId: string, memoryGib: number | undefined): Promise<ScriptedWorker> {
  const scripted = new ScriptedWorker(address, workerId, 1, {}, memoryGib === undefined ? undefined : memoryGib * gib)
  await scripted.register()
  return scripted
}

const config = testConfig({ search: { population: 4, candidates: 4 } })

describe('a training that runs out of memory', () => {
  test('is tried once more where there is more, and `nasoa jobs` says so', { timeout: 60_000 }, async () => {
    const directory = temporaryFolder()
    const { address, snapshot, finished } = await coordinator({ config, directory })
    const [small, large] = [await workerWith(address, 'small', 16), await workerWith(address, 'large', 80)]
    const outgrown = await small.job()
    expect((await small.complete(outgrown, full)).verdict).toBe('accepted')
    // The small one goes on with another candidate meanwhile.
    const second = await small.job()
    expect(second.candidate).toBe(2)
    const { stdout } = await runProgram('jobs', directory)
    expect(stdout).toContain(`queued, attempt 1, ran out of 16.0 GiB, ${outgrown.specification.encoding}: to be tried on a device with more than 16.0 GiB: OOM when allocating`)
    const again = await large.job()
    expect(again).toMatchObject({ jobId: outgrown.jobId, token: 2, specification: { encoding: outgrown.specification.encoding } })
    await large.complete(again)
    expect([snapshot().trained, snapshot().unsuccessful]).toEqual([1, {}])
    await small.complete(second, full)
    await large.complete(await large.job(), full)
    await small.workUntilOver()
    expect(await finished).toMatchObject({ status: 'finished', trained: 4, unsuccessful: { out_of_memory: 1 } })
    const { jobs } = JSON.parse((await runProgram('jobs', directory, '--json')).stdout) as { jobs: unknown[] }
    expect(jobs).toMatchObject([
      { outcome: 'succeeded', attempt: 2, outgrownMemoryBytes: 16 * gib },
      { outcome: 'out_of_memory', attempt: 2, outgrownMemoryBytes: 16 * gib },
      { outcome: 'succeeded', attempt: 1, outgrownMemoryBytes: null },
      { outcome: 'succeeded', attempt: 1, outgrownMemoryBytes: null },
    ])
  })

  test.each([
    ['is larger', 16, 17],
    ['is known to be larger', 16, undefined],
    ['is known to have less', undefined, 80],
  ])('has that result where no device %s', async (_what, memoryGib, otherGib) => {
    const { address, snapshot } = await coordinator({ config })
    const a = await workerWith(address, 'a', memoryGib)
    await workerWith(address, 'b', otherGib)
    await a.complete(await a.job(), full)
    expect(snapshot()).toMatchObject({ trained: 1, unsuccessful: { out_of_memory: 1 } })
  })

  test('has that result once the larger device has left', { timeout: 60_000 }, async () => {
    const { address, snapshot, finished } = await coordinator({ config: testConfig({ search: { population: 4, candidates: 4 }, jobs: { leaseTime: '500ms' } }) })
    const [small, large] = [await workerWith(address, 'small', 16), await workerWith(address, 'large', 80)]
    await small.complete(await small.job(), full)
    for (let job = 2; job <= 4; job++) await small.complete(await small.job())
    expect(snapshot()).toMatchObject({ status: 'running', trained: 3, queued: 1 })
    await large.deregister()
    expect(await finished).toMatchObject({ status: 'finished', trained: 4, unsuccessful: { out_of_memory: 1 } })
  })

  test('waits for the larger device also after a restart of the coordinator', { timeout: 60_000 }, async () => {
    const directory = temporaryFolder()
    const first = await coordinator({ config, directory })
    const [small] = [await workerWith(first.address, 'small', 16), await workerWith(first.address, 'large', 80)]
    const outgrown = await small.job()
    await small.complete(outgrown, full)
    await first.close()
    const { address } = await coordinator({ config, directory })
    const [smallAgain, largeAgain] = [await workerWith(address, 'small', 16), await workerWith(address, 'large', 80)]
    expect((await smallAgain.job()).jobId).not.toBe(outgrown.jobId)
    expect(await largeAgain.job()).toMatchObject({ jobId: outgrown.jobId, token: 2 })
  })
})
