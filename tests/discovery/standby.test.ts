import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openEndpoint } from '../../cli/cluster/endpoint.js'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import { UnavailableError } from '../../shared/errors.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { retry } from '../../shared/rpc/retry.js'
import { systemClock } from '../../shared/clock.js'
import { WorkerClient, type CompletionAnswer, type Session } from '../../shared/rpc/worker-client.js'
import { programVersion } from '../../shared/version.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, temporaryFolder } from '../cluster/test-search.js'
import { EtcdServer } from '../support/etcd.js'
import { killAll, nasoa, type TestProcess } from '../support/processes.js'
import { smallSpace } from '../support/small-space.js'

let etcd: EtcdServer
let tests = 0

beforeAll(async () => {
  etcd = await EtcdServer.start()
})
afterAll(() => etcd.stop())
afterEach(async () => {
  await killAll()
  await etcd.ensureServing()
})

const config = {
  name: 'standby',
  seed: 3,
  data: { directory: 'builtin:digits' },
  space: smallSpace,
  training: { epochs: 1, batch: 16, resolution: 32 },
  search: { population: 4, candidates: 50 },
  jobs: { leaseTime: '1m' },
}

/** A search folder, and coordinators of it that elect a leader. */
class Cluster {
  readonly folder = temporaryFolder()
  readonly output = join(this.folder, 'search')
  readonly discovery = join(this.folder, 'discovery.json')
  private readonly config = join(this.folder, 'search.yaml')

  constructor() {
    writeFileSync(this.config, JSON.stringify(config))
    writeFileSync(this.discovery, JSON.stringify({ kind: 'etcd', hosts: [etcd.url], prefix: `standby/${tests++}`, ttl: '2s', interval: '1s' }))
  }

  coordinator(): TestProcess {
    return nasoa('coordinator', '--config', this.config, '--output', this.output, '--listen', '127.0.0.1:0', '--discovery', this.discovery, '--json')
  }

  async leader(): Promise<{ process: TestProcess; address: string }> {
    const process = this.coordinator()
    const { address } = await process.firstDocument()
    return { process, address: address as string }
  }

  async standby(): Promise<TestProcess> {
    const process = this.coordinator()
    await process.log(({ msg, leader }) => msg === 'standing by' && leader !== null)
    return process
  }

  get told(): string[] {
    return readSearchRecord(this.output).told.map(({ encoding, outcome }) => `${encoding} ${JSON.stringify(outcome)}`)
  }
}

/** A worker that finds the coordinator by discovery, wherever it is, and asks until it has an answer. */
class RovingWorker {
  private constructor(private readonly client: WorkerClient) {}
  session: Session | null = null

  static async open(discovery: string): Promise<RovingWorker> {
    const { endpoint, close } = await openEndpoint({ coordinator: undefined, discovery, tls: undefined, tlsKey: undefined, tlsCa: undefined })
    const client = new WorkerClient(endpoint)
    closing({ close: () => (client.close(), close()) })
    return new RovingWorker(client)
  }

  async register(held: JobLease[] = []): Promise<Session> {
    const worker = { workerId: 'rover', name: 'rover', version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 }
    const attempts = held.map(({ jobId, token }) => ({ jobId, token, slot: 0 }))
    this.session = await this.patiently(() => this.client.register({ worker, held: attempts, searchId: this.session?.searchId ?? '' }))
    return this.session
  }

  async job(): Promise<JobLease> {
    const { lease } = await this.patiently(() => this.client.leaseJob(this.sessionId, 0, 5_000))
    if (lease === null) throw new Error('no job')
    return lease
  }

  complete({ jobId, token, specification }: JobLease): Promise<CompletionAnswer> {
    const outcome = outcomeFor(specification.encoding)
    return this.patiently(() => this.client.completeJob(this.sessionId, { jobId, token, slot: 0, outcome, wantsNext: false }))
  }

  private get sessionId(): string {
    return (this.session as Session).sessionId
  }

  private patiently<T>(call: () => Promise<T>): Promise<T> {
    return retry(call, { clock: systemClock, random: Math.random })
  }
}

describe('two coordinators of one search', () => {
  test('the second waits, and serves when the first is killed; a worker that found the first finds it, and loses nothing', { timeout: 120_000 }, async () => {
    const cluster = new Cluster()
    const first = await cluster.leader()
    const second = await cluster.standby()
    const worker = await RovingWorker.open(cluster.discovery)
    await worker.register()
    await worker.complete(await worker.job())
    const held = await worker.job()
    const before = cluster.told
    expect(before).toHaveLength(1)

    await first.process.kill()
    const { address } = await second.firstDocument()
    expect(address).not.toBe(first.address)
    await worker.register([held])
    expect(await worker.complete(held)).toMatchObject({ verdict: 'accepted' })
    expect(cluster.told.slice(0, 1)).toEqual(before)
    expect(cluster.told).toHaveLength(2)
    second.signal('SIGTERM')
    expect(await second.ended).toBe(0)
  })

  test('a leader that is stopped and wakes changes nothing, and stands by', { timeout: 120_000 }, async () => {
    const cluster = new Cluster()
    const first = await cluster.leader()
    const second = await cluster.standby()
    const operator = closing(new ControlClient({ target: first.address }))
    expect((await operator.getSearch()).status).toBe('running')
    const worker = await RovingWorker.open(cluster.discovery)
    await worker.register()
    const held = await worker.job()

    first.process.signal('SIGSTOP')
    await second.firstDocument()
    await worker.register([held])
    await worker.complete(held)
    const before = cluster.told
    expect(before).toHaveLength(1)

    // Waits in the socket of the stopped leader, which takes it for its own search's when it wakes.
    const stop = operator.stopSearch('cancel', 'by a leader of the past')
    const refused = expect(stop).rejects.toBeInstanceOf(UnavailableError)
    first.process.signal('SIGCONT')
    await refused
    await first.process.log(({ msg, leader }) => msg === 'standing by' && leader !== null)
    expect(cluster.told).toEqual(before)
    expect(readSearchRecord(cluster.output).status).toBe('running')
    // The one that leads goes on, and when it is gone, the first one leads again.
    await worker.complete(await worker.job())
    await second.kill()
    await first.process.log(({ msg }) => msg === 'serving')
    await worker.register()
    await worker.complete(await worker.job())
    expect(cluster.told).toHaveLength(3)
  })
})

test('while etcd is away connected workers and jobs carry on, and it is said; afterwards the register is as it was', { timeout: 120_000 }, async () => {
  const cluster = new Cluster()
  const { process, address } = await cluster.leader()
  await process.log(({ msg }) => msg === 'the address is announced')
  const worker = await RovingWorker.open(cluster.discovery)
  await worker.register()
  const held = await worker.job()
  await etcd.kill()
  await process.log(({ msg }) => String(msg).includes('etcd does not confirm the leadership; running jobs and connected workers carry on'))
  expect(await worker.complete(held)).toMatchObject({ verdict: 'accepted' })
  const next = await worker.job()
  await etcd.restart()
  // It leads still, or again: etcd decides whether the lease outlived the outage.
  await process.log(({ msg }) => msg === 'the leadership is certain again' || msg === 'serving')
  await worker.register([next])
  expect(await worker.complete(next)).toMatchObject({ verdict: 'accepted' })
  expect(cluster.told).toHaveLength(2)
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
})

describe('what cannot be', () => {
  test('an address that nobody can connect to is not announced', { timeout: 60_000 }, async () => {
    const cluster = new Cluster()
    const process = nasoa('coordinator', '--config', join(cluster.folder, 'search.yaml'), '--output', cluster.output, '--listen', '0.0.0.0:0', '--insecure', '--discovery', cluster.discovery)
    expect(await process.ended).toBe(2)
    expect(process.stderr.seen.at(-1)).toMatch(/others cannot connect to 0\.0\.0\.0:0: name the address that they can with --advertise/)
  })
})
