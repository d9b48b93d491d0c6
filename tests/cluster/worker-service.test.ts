import { describe, expect, test } from 'vitest'
import { startCoordinator } from '../../coordinator/coordinator.js'
import { NotFoundError, StaleTokenError } from '../../shared/errors.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { ManualClock } from '../support/manual-clock.js'
import { all, closing, coordinator, temporaryFolder, testConfig, worker } from './test-search.js'

const crashed = { kind: 'failed', reason: 'crashed', message: 'segmentation fault' } as const

describe('a search over real connections', () => {
  test('runs to its budget, trains no network twice, and ends', async () => {
    const { address, finished } = await coordinator()
    const workers = await Promise.all(['a', 'b', 'c'].map((name) => worker(address, name)))
    const trained = (await Promise.all(workers.map((each) => each.workUntilOver()))).flat()
    expect(trained).toHaveLength(12)
    expect(new Set(trained).size).toBe(12)
    const last = await finished
    expect(last).toMatchObject({ status: 'finished', trained: 12, queued: 0, runningTotal: 0, unsuccessful: {}, lostAttempts: {} })
    expect(last.frontSize).toBeGreaterThan(0)
    const control = closing(new ControlClient({ target: address }))
    const candidates = await all(control.listCandidates())
    expect(candidates.map(({ encoding }) => encoding).sort()).toEqual([...trained].sort())
    for (const { encoding, outcome, params, macs } of candidates) {
      const expected = outcomeFor(encoding)
      expect(outcome).toEqual(expected)
      expect(Math.min(params, macs)).toBeGreaterThan(0)
    }
  })

  test('equal seeds and equal results give equal candidates', async () => {
    const run = async (): Promise<string[]> => {
      const { address } = await coordinator()
      return (await worker(address, 'a')).workUntilOver()
    }
    expect(await run()).toEqual(await run())
  })

  test('a slot that asks again is given the job it holds, with the same token', async () => {
    const { address } = await coordinator()
    const a = await worker(address, 'a', 2)
    const first = await a.job(0)
    expect(await a.job(0)).toEqual(first)
    expect((await a.job(1)).jobId).not.toBe(first.jobId)
  })

  test('a worker that restarts is given the jobs it still holds', async () => {
    const { address } = await coordinator()
    const first = await (await worker(address, 'a')).job()
    const again = await worker(address, 'a')
    expect(await again.job()).toEqual(first)
  })

  test('a newer session of a worker ends the older one', async () => {
    const { address } = await coordinator()
    const old = await worker(address, 'a')
    await worker(address, 'a')
    await expect(old.leaseJob()).rejects.toThrow(NotFoundError)
  })

  test('the lease of a silent worker passes on; its late report is refused', async () => {
    const clock = new ManualClock(1e12)
    const { address, snapshot } = await coordinator({ clock, config: testConfig({ jobs: { leaseTime: '1s' } }) })
    const silent = await worker(address, 'silent')
    const other = await worker(address, 'other')
    const lost = await silent.job()
    clock.advance(900)
    const job = await other.job()
    clock.advance(100)
    expect(snapshot()).toMatchObject({ lostAttempts: { worker_lost: 1 }, runningTotal: 1 })
    await other.complete(job)
    clock.advance(500)
    const passedOn = await other.job()
    expect(passedOn).toMatchObject({ jobId: lost.jobId, token: lost.token + 1 })
    expect((await silent.complete(lost)).verdict).toBe('stale')
    expect((await other.complete(passedOn)).verdict).toBe('accepted')
    expect((await other.complete(passedOn)).verdict).toBe('accepted')
    expect((await silent.complete(lost)).verdict).toBe('stale')
    expect(snapshot()).toMatchObject({ trained: 2, unsuccessful: {} })
  })

  test('a training that was finished while its worker was cut off counts, if nobody has begun it anew', async () => {
    const clock = new ManualClock(1e12)
    const { address, snapshot } = await coordinator({ clock, config: testConfig({ jobs: { leaseTime: '1s' } }) })
    const a = await worker(address, 'a')
    const job = await a.job()
    clock.advance(1500)
    expect(snapshot().lostAttempts).toEqual({ worker_lost: 1 })
    expect(await a.complete(job)).toMatchObject({ verdict: 'accepted' })
    expect(snapshot()).toMatchObject({ trained: 1, runningTotal: 0 })
  })

  test('heartbeats keep a lease, and tell a worker what to drop', async () => {
    const clock = new ManualClock(1e12)
    const { address } = await coordinator({ clock, config: testConfig({ jobs: { leaseTime: '1s' } }) })
    const a = await worker(address, 'a')
    const job = await a.job()
    for (let beats = 0; beats < 8; beats++) {
      expect(await a.heartbeat(job)).toEqual([])
      clock.advance(900)
    }
    expect((await a.complete(job)).verdict).toBe('accepted')
    expect(await a.heartbeat(job)).toMatchObject([{ jobId: job.jobId, token: job.token }])
  })

  test('a report is counted once however often it comes', async () => {
    const { address, snapshot } = await coordinator()
    const a = await worker(address, 'a')
    const job = await a.job()
    const answers = await Promise.all([1, 2, 3].map(() => a.complete(job)))
    expect(answers.map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted', 'accepted'])
    expect((await a.complete(job, crashed)).verdict).toBe('stale')
    expect(snapshot().trained).toBe(1)
  })

  test("machinery's failures are retried and never counted against the candidate", async () => {
    const { address, snapshot } = await coordinator()
    const a = await worker(address, 'a')
    const first = await a.job()
    await a.complete(first, crashed)
    const others = [await a.job()]
    while (others.at(-1)?.jobId !== first.jobId) {
      await a.complete(others.at(-1) as (typeof others)[0])
      others.push(await a.job())
    }
    expect(others.at(-1)?.token).toBe(2)
    expect(snapshot()).toMatchObject({ unsuccessful: {}, lostAttempts: { crashed: 1 } })
  })

  test('results without a measurement count as trained', async () => {
    const { address, snapshot } = await coordinator()
    const a = await worker(address, 'a')
    await a.complete(await a.job(), { kind: 'diverged', epoch: 1, message: 'NaN' })
    await a.complete(await a.job(), { kind: 'out_of_memory', peakBytes: 1e9, message: 'full' })
    expect(snapshot()).toMatchObject({ trained: 2, unsuccessful: { diverged: 1, out_of_memory: 1 } })
  })

  test('a search whose every candidate machinery fails says so instead of going on for ever', async () => {
    const { address, finished } = await coordinator({ config: testConfig({ jobs: { leaseTime: '10s', attempts: 1, workerFailures: 1000 } }) })
    const a = await worker(address, 'a')
    for (;;) {
      const { lease, searchOver } = await a.leaseJob(1000)
      if (lease) await a.complete(lease, { kind: 'failed', reason: 'data', message: 'no such folder' })
      else if (searchOver) break
    }
    expect(await finished).toMatchObject({ status: 'failed', trained: 0 })
  })

  test('a worker that fails three jobs in a row is cordoned, also after a restart, until an operator lets it', async () => {
    const directory = temporaryFolder()
    const config = testConfig({ jobs: { leaseTime: '1m', attempts: 9 } })
    const first = await coordinator({ config, directory })
    const [bad, good] = [await worker(first.address, 'bad', 2), await worker(first.address, 'good')]
    const running = await bad.job(1)
    for (let failures = 1; failures <= 3; failures++) await bad.complete(await bad.job(), { kind: 'failed', reason: 'disk', message: 'the disk is full' })
    expect((await bad.leaseJob()).lease).toBeNull()
    // What it has it ends; that it is back is for an operator to say.
    expect((await bad.job(1)).jobId).toBe(running.jobId)
    expect((await bad.complete(running, undefined, { slot: 1, wantsNext: true })).lease).toBeNull()
    expect((await good.job()).jobId).toBeGreaterThan(0)
    expect(first.snapshot().warnings).toEqual([expect.stringContaining('worker bad is cordoned (3 jobs in a row failed there; at last: disk: the disk is full)')])
    await first.close()
    const second = await coordinator({ config, directory })
    const again = await worker(second.address, 'bad', 2)
    expect((await again.leaseJob()).lease).toBeNull()
    const control = closing(new ControlClient({ target: second.address }))
    expect(await control.listWorkers()).toMatchObject([{ name: 'bad', cordoned: expect.stringContaining('3 jobs in a row') as string }])
    await expect(control.cordonWorker('nobody', false, '')).rejects.toThrow(NotFoundError)
    expect(await control.cordonWorker('bad', false, 'mended')).toBe('bad')
    const job = await again.job()
    const fresh = await worker(second.address, 'fresh')
    await control.cordonWorker('fresh', true, 'to be moved')
    expect((await fresh.leaseJob()).lease).toBeNull()
    const { failures, jobs } = { failures: await control.summarizeFailures(), jobs: await all(control.listJobs({ failed: true })) }
    expect(failures).toMatchObject([{ reason: 'disk', attempts: 3, jobs: 3, workers: 1, givenUp: 0, latestMessage: 'the disk is full' }])
    expect(jobs).toHaveLength(3)
    expect((await all(control.listJobs({}))).find(({ id }) => id === job.jobId)).toMatchObject({ state: 'leased', workerId: 'bad', outcome: null })
  })

  test('a search whose every worker is cordoned fails after a while, and goes on when it is begun again', async () => {
    const directory = temporaryFolder()
    const clock = new ManualClock(1e12)
    const config = testConfig({ jobs: { leaseTime: '1s', attempts: 9 } })
    const first = await coordinator({ config, directory, clock })
    const a = await worker(first.address, 'a')
    for (let failures = 1; failures <= 3; failures++) await a.complete(await a.job(), { kind: 'failed', reason: 'data', message: 'no such folder' })
    for (let seconds = 0; seconds < 6; seconds++) {
      await a.heartbeat()
      clock.advance(1000)
    }
    expect(await first.finished).toMatchObject({ status: 'failed', statusReason: expect.stringContaining('every worker is cordoned, a because') as string })
    await first.close()
    const second = await coordinator({ config, directory, clock })
    expect(await (await worker(second.address, 'a')).workUntilOver()).toHaveLength(12)
    expect(await second.finished).toMatchObject({ status: 'finished', trained: 12 })
  })

  test('a slot does not stand idle while all that is queued waits for a retry or for another worker', async () => {
    const { address } = await coordinator()
    const [a] = [await worker(address, 'a'), await worker(address, 'b')]
    const failed = await a.job()
    await a.complete(failed, crashed)
    const next = await a.job(0, 0)
    expect(next.jobId).not.toBe(failed.jobId)
  })

  test('a worker that leaves gives its jobs back at once', async () => {
    const { address } = await coordinator({ config: testConfig({ jobs: { leaseTime: '1m' } }) })
    const a = await worker(address, 'a')
    const job = await a.job()
    await a.deregister()
    const b = await worker(address, 'b')
    expect(await b.job()).toMatchObject({ jobId: job.jobId, token: job.token + 1 })
  })

  test('a waiting slot is served as soon as there is a job', async () => {
    const { address } = await coordinator({ config: testConfig({ search: { population: 4, candidates: 4 } }) })
    const a = await worker(address, 'a', 4)
    const jobs = [await a.job(0), await a.job(1), await a.job(2), await a.job(3)]
    const b = await worker(address, 'b')
    const waiting = b.leaseJob(30_000)
    await a.complete(jobs[1], crashed, { slot: 1 })
    expect((await waiting).lease).toMatchObject({ jobId: jobs[1].jobId, token: 2 })
  })

  test('what a hostile worker sends is refused by name of the field', async () => {
    const { address, snapshot } = await coordinator()
    const a = await worker(address, 'a')
    const b = await worker(address, 'b')
    const job = await a.job()
    const good = outcomeFor(job.specification.encoding)
    if (good.kind !== 'succeeded') throw new Error('unreachable')
    for (const [changes, message] of [
      [{ top1: 1.5 }, /top1 must be a number from 0 to 1/],
      [{ top1: NaN }, /top1/],
      [{ imagesPerSecond: Infinity }, /images_per_second/],
      [{ imagesPerSecond: 0 }, /images_per_second/],
      [{ stepMs: { median: 1, p10: 2, p90: 3 } }, /step_ms.p10/],
      [{ deviceClass: '' }, /device_class is empty/],
    ] as const) {
      await expect(a.complete(job, { kind: 'succeeded', result: { ...good.result, ...changes } })).rejects.toThrow(message)
    }
    await expect(a.leaseJob(0, 7)).rejects.toThrow(/slot 7 of a worker with 1 slots/)
    expect((await b.complete(job)).verdict).toBe('stale')
    expect((await a.complete({ ...job, token: 9 })).verdict).toBe('stale')
    expect((await a.complete({ ...job, jobId: 4_000_000_000 })).verdict).toBe('stale')
    expect(snapshot().trained).toBe(0)
    expect((await a.complete(job)).verdict).toBe('accepted')
  })

  test('a worker of another version is told so', async () => {
    const { address } = await coordinator()
    const a = await worker(address, 'a')
    Object.defineProperty(a, 'description', { value: { ...a.description, version: '99.0.0' } })
    await expect(a.register()).rejects.toThrow(/worker 99\.0\.0: install the same version/)
  })
})

describe('stopping', () => {
  test('lets running trainings finish, or cancels them', async () => {
    const { address, finished } = await coordinator()
    const control = closing(new ControlClient({ target: address }))
    const a = await worker(address, 'a', 2)
    const [first, second] = [await a.job(0), await a.job(1)]
    expect(await control.stopSearch('finish', 'enough')).toMatchObject({ status: 'stopping', statusReason: 'enough', queued: 0 })
    expect(await a.leaseJob(5000, 0)).toMatchObject({ lease: { jobId: first.jobId } })
    expect(await a.heartbeat(first, second)).toEqual([])
    expect(await a.complete(first, undefined, { wantsNext: true })).toMatchObject({ verdict: 'accepted', lease: null, searchOver: true })
    await control.stopSearch('cancel', 'enough')
    expect(await a.heartbeat(second)).toMatchObject([{ jobId: second.jobId, reason: 'enough' }])
    await a.complete(second, { kind: 'cancelled', message: 'enough' }, { slot: 1 })
    expect(await finished).toMatchObject({ status: 'stopped', trained: 1, unsuccessful: { cancelled: expect.any(Number) as number } })
  })

  test('the time limit ends a search; running trainings have the drain time', async () => {
    const clock = new ManualClock(1e12)
    const config = testConfig({ search: { population: 4, candidates: 100, timeLimit: '10m', drainTime: '1m' }, jobs: { leaseTime: '1h' } })
    const { address, finished, snapshot } = await coordinator({ config, clock })
    const a = await worker(address, 'a', 2)
    const [first, second] = [await a.job(0), await a.job(1)]
    clock.advance(599_999)
    expect(snapshot().status).toBe('running')
    clock.advance(1)
    expect(snapshot()).toMatchObject({ status: 'stopping', queued: 0, runningTotal: 2 })
    expect(await a.heartbeat(first, second)).toEqual([])
    await a.complete(first)
    clock.advance(60_000)
    expect(await a.heartbeat(second)).toMatchObject([{ reason: 'the time limit of 10m 00s is reached' }])
    await a.complete(second, { kind: 'cancelled', message: 'asked to' }, { slot: 1 })
    expect(await finished).toMatchObject({ status: 'finished', trained: 1, elapsedMs: 660_000 })
  })

  test('watching gives snapshots and ends with the last one', async () => {
    const { address } = await coordinator()
    const control = closing(new ControlClient({ target: address }))
    const watched = all(control.watchSearch(100))
    const a = await worker(address, 'a')
    const job = await a.job()
    await a.report(job, 2, 0.25)
    await expect.poll(async () => (await control.getSearch()).running[0]).toMatchObject({ encoding: job.specification.encoding, worker: 'a', epoch: 2, top1: 0.25 })
    await a.complete(job)
    await a.workUntilOver()
    const snapshots = await watched
    expect(snapshots.length).toBeGreaterThan(1)
    expect(snapshots.at(-1)).toMatchObject({ status: 'finished', trained: 12 })
    expect(await control.listWorkers()).toMatchObject([{ workerId: 'a', slots: 1, busySlots: 0 }])
  })
})

describe('restarts', () => {
  test('a search goes on where it was: results, jobs in flight, generator', async () => {
    const directory = temporaryFolder()
    const options = { config: testConfig({ jobs: { leaseTime: '30s' } }), directory, dataset: { classes: 10 }, listen: '127.0.0.1:0' }
    const straight = await coordinator({ config: options.config })
    const expected = await (await worker(straight.address, 'a')).workUntilOver()

    const first = await startCoordinator(options)
    const a = await worker(first.address, 'a')
    const trained: string[] = []
    for (let i = 0; i < 5; i++) {
      const job = await a.job()
      trained.push(job.specification.encoding)
      await a.complete(job)
    }
    const inFlight = await a.job()
    await first.close()

    const second = await coordinator(options)
    expect(second.snapshot()).toMatchObject({ trained: 5, runningTotal: 1, status: 'running' })
    const again = await worker(second.address, 'a')
    expect(await again.register([{ ...inFlight, slot: 0 }])).toMatchObject({ drop: [] })
    expect((await again.complete(inFlight)).verdict).toBe('accepted')
    trained.push(inFlight.specification.encoding)
    trained.push(...(await again.workUntilOver()))
    expect(trained).toEqual(expected)
  })

  test('a finished search stays finished, and goes on when its budget grows', async () => {
    const directory = temporaryFolder()
    const first = await coordinator({ directory })
    await (await worker(first.address, 'a')).workUntilOver()
    await first.finished
    await first.close()
    const second = await coordinator({ directory })
    expect(await second.finished).toMatchObject({ status: 'finished', trained: 12 })
    await second.close()
    const third = await coordinator({ directory, config: testConfig({ search: { population: 4, candidates: 15 } }) })
    expect(third.snapshot().status).toBe('running')
    expect(await (await worker(third.address, 'a')).workUntilOver()).toHaveLength(3)
    expect(await third.finished).toMatchObject({ status: 'finished', trained: 15 })
  })

  test('another search in the same folder is refused by the key that differs', async () => {
    const directory = temporaryFolder()
    await (await coordinator({ directory })).close()
    await expect(coordinator({ directory, config: testConfig({ seed: 8 }) })).rejects.toThrow(/begun with another 'seed'/)
    await expect(coordinator({ directory, config: testConfig({ training: { epochs: 2, batch: 16, resolution: 32 } }) })).rejects.toThrow(/another 'training'/)
    await coordinator({ directory, config: testConfig({ data: { directory: '/elsewhere' } }) })
  })

  test('attempts of before that are no longer valid are to be dropped', async () => {
    const { address } = await coordinator()
    const a = await worker(address, 'a')
    const job = await a.job()
    await a.complete(job)
    const stale = { jobId: job.jobId, token: job.token, slot: 0 }
    expect((await a.register([stale])).drop).toEqual([{ jobId: job.jobId, token: job.token }])
  })
})

test('errors keep their kind over the wire', async () => {
  const { address } = await coordinator()
  const a = await worker(address, 'a')
  a.session = { ...(await a.register()), sessionId: 'made up' }
  await expect(a.leaseJob()).rejects.toThrow(NotFoundError)
  await expect(a.leaseJob()).rejects.not.toThrow(StaleTokenError)
})
