import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { objectivesOf } from '../../coordinator/run/open-search.js'
import { SearchStatistics } from '../../coordinator/run/statistics.js'
import { isVerdict } from '../../coordinator/run/observation.js'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { loadSearchConfig } from '../../shared/config/search-config.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { createRng, type Rng } from '../../shared/rng.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { freePorts } from '../support/free-port.js'
import { TestProcess } from '../support/processes.js'
import { smallSpace } from '../support/small-space.js'
import { bundle } from './bundle.js'
import { outcomeFor } from './known-outcome.js'

export interface ChaosOptions {
  readonly seed: number
  /** Folder for the search and the workers. */
  readonly folder: string
  readonly candidates: number
  readonly workers: number
  readonly trainingMs: number
  readonly leaseMs: number
  /** Mean time between two faults. */
  readonly faultEveryMs: number
  /** Faults after which the network and the processes are left in peace. */
  readonly faults: number
  readonly say: (line: string) => void
}

/** What came of it. Everything that must hold has been checked. */
export interface ChaosReport {
  readonly faults: Readonly<Record<string, number>>
  readonly trained: number
  readonly delivered: number
  readonly lostAttempts: number
}

/** A search with the real coordinator and real agents, in a world that goes wrong as the seed says. */
export class Chaos {
  private readonly rng: Rng
  private readonly faults: Record<string, number> = {}
  private readonly workers: (TestProcess | null)[] = []
  private readonly delivered = new Set<string>()
  private readonly configFile: string
  private readonly output: string
  private coordinator: TestProcess | null = null
  private proxy: FaultProxy | null = null
  private last: SearchSnapshot | null = null
  private port = 0
  private programs = { nasoa: '', worker: '' }

  constructor(private readonly options: ChaosOptions) {
    this.rng = createRng(options.seed)
    this.configFile = join(options.folder, 'search.yaml')
    this.output = join(options.folder, 'search')
  }

  async run(): Promise<ChaosReport> {
    await this.start()
    for (let fault = 0; fault < this.options.faults && !this.isOver(); fault++) {
      await delay(-Math.log(1 - this.rng.float()) * this.options.faultEveryMs)
      await this.strike()
    }
    await this.untilOver()
    return this.check()
  }

  /** Ends what still runs, where a check or a step has failed. */
  async end(): Promise<void> {
    await Promise.all([...this.workers, this.coordinator].map((each) => each?.kill() ?? Promise.resolve()))
    await this.proxy?.close()
  }

  private async start(): Promise<void> {
    const { candidates, leaseMs, workers } = this.options
    const config = {
      name: 'chaos',
      seed: this.options.seed,
      data: { directory: 'builtin:digits' },
      space: { ...smallSpace, blocks: { min: 3, max: 8 }, doublings: { min: 1, max: 3 } },
      training: { epochs: 1, batch: 16, resolution: 32 },
      search: { algorithm: 'nsga2', population: 8, candidates },
      jobs: { leaseTime: `${leaseMs}ms`, attempts: 100 },
    }
    writeFileSync(this.configFile, JSON.stringify(config))
    ;[this.port] = await freePorts(1)
    // Bundled once: the world of the test must not change while it runs.
    this.programs = { nasoa: await bundle('cli/main.ts'), worker: await bundle('tests/chaos/simulated-worker.ts') }
    await this.startCoordinator()
    this.proxy = await FaultProxy.open({ host: '127.0.0.1', port: this.port })
    for (let worker = 0; worker < workers; worker++) this.startWorker(worker)
  }

  private async startCoordinator(): Promise<void> {
    const address = `127.0.0.1:${this.port}`
    const words = ['coordinator', '--config', this.configFile, '--output', this.output, '--listen', address, '--json']
    this.coordinator = new TestProcess([this.programs.nasoa, ...words])
    await this.coordinator.firstDocument()
  }

  private startWorker(index: number): void {
    const { folder, trainingMs } = this.options
    const words = [this.programs.worker, (this.proxy as FaultProxy).address, `worker-${index}`, join(folder, `worker-${index}`), '2', String(trainingMs)]
    this.workers[index] = new TestProcess(words, (line) => this.note(line))
  }

  /** What a worker was told is in the store must be there in the end. */
  private note(line: string): void {
    if (!line.includes('result delivered')) return
    const { jobId, outcome, verdict } = JSON.parse(line) as Record<string, unknown>
    if (verdict === 'accepted' && outcome !== 'failed' && outcome !== 'cancelled') this.delivered.add(String(jobId))
  }

  private async strike(): Promise<void> {
    const strikes: Readonly<Record<string, () => Promise<void>>> = {
      'kill coordinator': () => this.killCoordinator(),
      'kill worker': () => this.killWorker(),
      'freeze worker': () => this.freeze(this.anyWorker()),
      'freeze coordinator': () => this.freeze(this.coordinator),
      'drain worker': () => this.drainWorker(),
      'cut connections': () => this.disturb((proxy) => proxy.cut(), 0),
      'refuse connections': () => this.disturb((proxy) => (proxy.refuse(), proxy.cut())),
      'hold requests': () => this.disturb((proxy) => proxy.hold('up')),
      'hold answers': () => this.disturb((proxy) => proxy.hold('down')),
      'drop answers': () => this.disturb((proxy) => proxy.drop('down')),
      'drop everything': () => this.disturb((proxy) => proxy.drop('up', 'down')),
      'slow network': () => this.disturb((proxy) => proxy.delay(100 + this.rng.integer(400))),
    }
    const name = this.rng.pick(Object.keys(strikes))
    this.faults[name] = (this.faults[name] ?? 0) + 1
    this.options.say(name)
    await strikes[name]()
  }

  private async killCoordinator(): Promise<void> {
    await this.coordinator?.kill()
    await delay(this.rng.integer(500))
    await this.startCoordinator()
  }

  private async killWorker(): Promise<void> {
    const index = this.rng.integer(this.options.workers)
    await this.workers[index]?.kill()
    this.startWorker(index)
  }

  private async drainWorker(): Promise<void> {
    const index = this.rng.integer(this.options.workers)
    this.workers[index]?.signal('SIGTERM')
    await this.workers[index]?.ended
    this.startWorker(index)
  }

  /** Longer than a lease, sometimes. */
  private async freeze(victim: TestProcess | null): Promise<void> {
    victim?.signal('SIGSTOP')
    await delay(this.rng.float() * 2 * this.options.leaseMs)
    victim?.signal('SIGCONT')
  }

  private anyWorker(): TestProcess | null {
    return this.workers[this.rng.integer(this.options.workers)]
  }

  private async disturb(how: (proxy: FaultProxy) => void, longestMs = 2 * this.options.leaseMs): Promise<void> {
    const proxy = this.proxy as FaultProxy
    how(proxy)
    await delay(this.rng.float() * longestMs)
    proxy.heal()
  }

  private isOver(): boolean {
    return readSearchRecord(this.output).status === 'finished'
  }

  private async untilOver(): Promise<void> {
    this.options.say('peace')
    // Workers end with the search; whoever ended with an earlier error would be missed here.
    await Promise.all(this.workers.map((worker) => worker?.ended ?? Promise.resolve(null)))
    const control = new ControlClient({ target: `127.0.0.1:${this.port}` })
    for await (const snapshot of control.watchSearch(100)) this.last = snapshot
    control.close()
    this.coordinator?.signal('SIGTERM')
    await this.coordinator?.ended
    await this.proxy?.close()
  }

  private check(): ChaosReport {
    const { candidates } = this.options
    const { status, told } = readSearchRecord(this.output)
    const store = openSqliteStore(this.output)
    try {
      require(status === 'finished', `the search is ${status}`)
      require(told.length === candidates, `${told.length} results of ${candidates}`)
      require(told.every(({ toldSequence }, index) => toldSequence === index + 1), 'results are not numbered 1, 2, 3, ...')
      require(new Set(told.map(({ encoding }) => encoding)).size === candidates, 'a network was trained twice')
      require(told.every(isTrue), 'a result is not what its training gave')
      require(store.pending().length === 0 && store.openJobs(0).length === 0, 'a job did not end')
      const sequences = new Set(told.map(({ sequence }) => String(sequence)))
      for (const jobId of this.delivered) require(sequences.has(jobId), `the result of job ${jobId} was confirmed and is lost`)
      this.checkArchive(told)
      const lost = Object.values(store.search()?.lostAttempts ?? {}).reduce((sum, count) => sum + count, 0)
      return { faults: this.faults, trained: told.length, delivered: this.delivered.size, lostAttempts: lost }
    } finally {
      store.close()
    }
  }

  /** What the running coordinator showed last is what the rows give. */
  private checkArchive(told: readonly Candidate[]): void {
    const statistics = new SearchStatistics(objectivesOf(loadSearchConfig(this.configFile).config))
    for (const candidate of told) if (candidate.outcome && isVerdict(candidate.outcome)) statistics.tell(candidate.encoding, candidate, candidate.outcome)
    const { last } = this
    require(last?.trained === told.length && last.status === 'finished', `the last snapshot has ${last?.trained} results, status ${last?.status}`)
    require(last.frontSize === statistics.frontSize, `the front has ${last.frontSize} candidates, the rows give ${statistics.frontSize}`)
    require(Math.abs(last.hypervolume - statistics.hypervolume()) < 1e-12, 'the hypervolume is not that of the rows')
  }
}

function isTrue({ encoding, outcome }: Candidate): boolean {
  return JSON.stringify(sorted(outcome)) === JSON.stringify(sorted(outcomeFor(encoding)))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([key, each]) => [key, sorted(each)]))
}

function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}
