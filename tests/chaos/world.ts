import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { EtcdServer } from '../support/etcd.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { freePorts } from '../support/free-port.js'
import { TestProcess } from '../support/processes.js'
import { smallSpace } from '../support/small-space.js'
import { bundle } from './bundle.js'
import { Coordinator, type Reign } from './coordinator.js'
import { EtcdWitness } from './etcd-witness.js'

export interface WorldOptions {
  readonly seed: number
  /** For configs, logs and the workers' folders. */
  readonly folder: string
  /** The search's folder lies in it; its disk is filled if it is small enough. Default: `folder`. */
  readonly searchFolder?: string | undefined
  /** With two, one stands by: they elect a leader in an etcd of their own, where workers find it. */
  readonly coordinators: 1 | 2
  readonly candidates: number
  readonly workers: number
  readonly trainingMs: number
  readonly leaseMs: number
  /** How long etcd is away when it is; default: at random, up to four times the leader's time to live. */
  readonly etcdAwayMs?: number | undefined
}

/** How long a leader that died keeps its name. */
export const leaderTtlMs = 2_000

/** A search whose coordinator does not come back, or that comes to no further result, for so long, hangs. */
const patienceMs = 120_000

/** The processes of one search, and the network between them: real coordinators, and real agents whose trainings take only time. */
export class World {
  readonly workers: (TestProcess | null)[] = []
  readonly coordinators: Coordinator[] = []
  /** Jobs whose results workers were told are in the store. */
  readonly delivered = new Set<number>()
  readonly output: string
  private readonly configFile: string
  private workerWords: readonly string[] = []
  private server: EtcdServer | null = null
  private isOver_ = false
  /** Workers that ended although nobody killed them: each was started anew, as a supervisor of services does. */
  readonly workerDeaths: string[] = []
  private isAbandoned = false
  private waiting: (() => void)[] = []

  constructor(readonly options: WorldOptions) {
    this.configFile = join(options.folder, 'search.yaml')
    this.output = join(options.searchFolder ?? options.folder, 'search')
  }

  async start(): Promise<void> {
    const { folder, coordinators } = this.options
    mkdirSync(folder, { recursive: true })
    this.writeConfig()
    // Bundled once: the world of the test must not change while it runs.
    const [nasoa, worker] = [await bundle('cli/main.ts'), await bundle('tests/chaos/simulated-worker.ts')]
    if (coordinators > 1) this.server = await EtcdServer.start()
    for (let index = 0; index < coordinators; index++) this.coordinators.push(await this.newCoordinator(nasoa, index))
    const way = this.server === null ? ['--coordinator', this.coordinators[0].place.network.address] : ['--discovery', this.discoveryFile('workers', this.server.url)]
    this.workerWords = [worker, ...way]
    // One after the other, so that a file system too small for both programs' beginnings is no part of what is tested.
    for (const coordinator of this.coordinators) {
      coordinator.start()
      await this.settled(coordinator)
      this.requireLife()
    }
    for (let index = 0; index < this.options.workers; index++) this.startWorker(index)
  }

  get etcd(): EtcdServer {
    if (this.server === null) throw new Error('this world has no etcd')
    return this.server
  }

  /** The one that leads, as soon as there is one. */
  async leader(): Promise<Coordinator> {
    await this.until(() => this.leading !== null || this.coordinators.some(({ death }) => death !== null), 'no coordinator serves')
    this.requireLife()
    return this.leading as Coordinator
  }

  /** Resolves when it serves, stands by or has ended. */
  async settled(coordinator: Coordinator): Promise<void> {
    await this.until(() => coordinator.reign !== null || coordinator.isStandingBy || !coordinator.isAlive, 'a coordinator neither serves nor stands by')
  }

  /** Resolves when who leads, who stands by and what etcd says of it agree, as in a world where nothing ever went wrong. */
  async untilOrder(): Promise<void> {
    if (this.server === null) return void (await this.leader())
    const witness = new EtcdWitness(this.server.url)
    const isOrder = async (): Promise<boolean> => {
      const { leading } = this
      const others = this.coordinators.filter((each) => each !== leading)
      return leading !== null && others.every(({ isStandingBy }) => isStandingBy) && (await witness.agrees(leading.reign?.epoch ?? 0, leading.place.network.address))
    }
    try {
      const end = performance.now() + patienceMs
      while (!(await isOrder())) {
        this.requireLife()
        if (performance.now() > end) throw new Error(`etcd and the coordinators do not come to terms: ${await witness.account()}`)
        await delay(100)
      }
    } finally {
      witness.close()
    }
  }

  /** Resolves with the next result that a worker delivers: then some are connected. Or when the search is over. */
  async untilDelivery(): Promise<void> {
    const [before, end] = [this.delivered.size, performance.now() + patienceMs]
    while (this.delivered.size === before && !this.isOver()) {
      if (performance.now() > end) throw new Error(`no result was delivered for ${patienceMs} ms`)
      await delay(20)
    }
  }

  /** @throws Error when a coordinator has ended although nobody killed it */
  requireLife(): void {
    for (const { death } of this.coordinators) if (death !== null) throw new Error(death)
  }

  startWorker(index: number): void {
    const { folder, trainingMs } = this.options
    const words = [...this.workerWords, '--name', `worker-${index}`, '--work', join(folder, `worker-${index}`), '--training-ms', String(trainingMs)]
    const worker = new TestProcess(words, (line) => this.note(line))
    this.workers[index] = worker
    void worker.ended.then((code) => {
      if (code === 0 || this.workers[index] !== worker || this.isAbandoned) return
      this.workerDeaths.push(`worker-${index} ended by itself (${code}): ${worker.stderr.seen.slice(-30).join(' | ')}`)
      if (!this.isOver_) this.startWorker(index)
    })
  }

  /** Without any chance to put things in order; starts anew at once. */
  async killWorker(index: number): Promise<void> {
    await this.replaceWorker(index, (worker) => worker.signal('SIGKILL'))
  }

  async drainWorker(index: number): Promise<void> {
    await this.replaceWorker(index, (worker) => worker.signal('SIGTERM'))
  }

  private async replaceWorker(index: number, end: (worker: TestProcess) => void): Promise<void> {
    const worker = this.workers[index]
    if (worker === null) return
    this.workers[index] = null
    end(worker)
    await worker.ended
    if (!this.isOver()) this.startWorker(index)
  }

  isOver(): boolean {
    this.requireLife()
    this.isOver_ ||= readSearchRecord(this.output).status === 'finished'
    return this.isOver_
  }

  /** Waits for the search's end, and ends everything in order. @returns the last snapshot that the coordinator gave */
  async finish(): Promise<SearchSnapshot> {
    await this.untilWorkersEnded()
    await this.untilOrder()
    const last = await this.lastSnapshot()
    this.requireLife()
    for (const coordinator of this.coordinators) await coordinator.terminate()
    await this.abandon()
    return last
  }

  /** Ends what still runs. */
  async abandon(): Promise<void> {
    this.isAbandoned = true
    await Promise.all([...this.workers.map((worker) => worker?.kill() ?? Promise.resolve()), ...this.coordinators.map((coordinator) => coordinator.close())])
    await this.server?.stop()
    this.coordinators.forEach(({ log }, index) => writeFileSync(join(this.options.folder, `coordinator-${index}.log`), log.join('\n')))
  }

  get reigns(): Reign[] {
    return this.coordinators.flatMap(({ reigns }) => reigns)
  }

  private get leading(): Coordinator | null {
    const serving = this.coordinators.filter(({ reign }) => reign !== null)
    return serving.sort((a, b) => (b.reign?.epoch ?? 0) - (a.reign?.epoch ?? 0))[0] ?? null
  }

  private writeConfig(): void {
    const { seed, candidates, leaseMs } = this.options
    const config = {
      name: 'chaos',
      seed,
      data: { directory: 'builtin:digits' },
      space: { ...smallSpace, blocks: { min: 3, max: 8 }, doublings: { min: 1, max: 3 } },
      training: { epochs: 1, batch: 16, resolution: 32 },
      search: { algorithm: 'nsga2', population: 8, candidates },
      // Innocent candidates are on many workers that are killed here.
      jobs: { leaseTime: `${leaseMs}ms`, attempts: 100, kills: 100, workerFailures: 1000 },
    }
    writeFileSync(this.configFile, JSON.stringify(config))
  }

  private async newCoordinator(program: string, index: number): Promise<Coordinator> {
    const [port] = await freePorts(1)
    const network = await FaultProxy.open({ host: '127.0.0.1', port })
    const words = [program, 'coordinator', '--config', this.configFile, '--output', this.output, '--listen', `127.0.0.1:${port}`, '--json', '--verbose']
    if (this.server === null) return new Coordinator({ port, network, etcdNetwork: null, words }, () => this.changed())
    const etcdNetwork = await FaultProxy.open({ host: '127.0.0.1', port: Number(new URL(this.server.url).port) })
    const discovery = this.discoveryFile(`coordinator-${index}`, `http://${etcdNetwork.address}`)
    return new Coordinator({ port, network, etcdNetwork, words: [...words, '--discovery', discovery, '--advertise', network.address] }, () => this.changed())
  }

  private discoveryFile(name: string, etcd: string): string {
    const file = join(this.options.folder, `discovery-${name}.yaml`)
    writeFileSync(file, JSON.stringify({ kind: 'etcd', hosts: [etcd], prefix: EtcdWitness.prefix, ttl: `${leaderTtlMs}ms`, interval: '1s' }))
    return file
  }

  /** Workers end with the search; one that is hit by a fault has been replaced. */
  private async untilWorkersEnded(): Promise<void> {
    const ended = Promise.all(this.workers.map((worker) => worker?.ended ?? Promise.resolve(0))).then(() => true)
    for (let results = -1; !(await Promise.race([ended, delay(patienceMs, false, { ref: false })])); ) {
      this.requireLife()
      if (results === this.delivered.size) throw new Error(`no job has ended for ${patienceMs} ms, and the search is not over`)
      results = this.delivered.size
    }
  }

  private async lastSnapshot(): Promise<SearchSnapshot> {
    const control = new ControlClient({ target: `127.0.0.1:${(await this.leader()).place.port}` })
    let last: SearchSnapshot | null = null
    const tooLate = setTimeout(() => control.close(), patienceMs)
    for await (const snapshot of control.watchSearch(100)) last = snapshot
    clearTimeout(tooLate)
    control.close()
    if (last === null) throw new Error('the coordinator gave no snapshot')
    return last
  }

  private async until(condition: () => boolean, otherwise: string): Promise<void> {
    const tooLate = delay(patienceMs, true, { ref: false })
    while (!condition()) {
      const change = new Promise<false>((resolve) => this.waiting.push(() => resolve(false)))
      if (await Promise.race([change, tooLate])) throw new Error(`${otherwise} for ${patienceMs} ms`)
    }
  }

  private changed(): void {
    for (const resume of this.waiting.splice(0)) resume()
  }

  /** What a worker was told is in the store must be there in the end. */
  private note(line: string): void {
    if (!line.includes('result delivered')) return
    const { jobId, outcome, verdict } = JSON.parse(line) as Record<string, unknown>
    if (verdict === 'accepted' && outcome !== 'failed' && outcome !== 'cancelled') this.delivered.add(Number(jobId))
  }
}
