import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { freePorts } from '../support/free-port.js'
import { TestProcess } from '../support/processes.js'
import { smallSpace } from '../support/small-space.js'
import { bundle } from './bundle.js'

export interface WorldOptions {
  readonly seed: number
  /** Folder for the search and the workers. */
  readonly folder: string
  readonly candidates: number
  readonly workers: number
  readonly trainingMs: number
  readonly leaseMs: number
}

/** The processes of one search, and the network between them: the real coordinator, and real agents whose trainings take only time. */
export class World {
  readonly workers: (TestProcess | null)[] = []
  /** Jobs whose results workers were told are in the store. */
  readonly delivered = new Set<number>()
  readonly configFile: string
  readonly output: string
  private running: TestProcess | null = null
  private network: FaultProxy | null = null
  private port = 0
  private programs = { nasoa: '', worker: '' }
  private isOver_ = false
  /** How the coordinator ended, if nobody killed it. */
  private death: string | null = null

  constructor(readonly options: WorldOptions) {
    this.configFile = join(options.folder, 'search.yaml')
    this.output = join(options.folder, 'search')
  }

  async start(): Promise<void> {
    const { seed, candidates, leaseMs, workers } = this.options
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
    ;[this.port] = await freePorts(1)
    // Bundled once: the world of the test must not change while it runs.
    this.programs = { nasoa: await bundle('cli/main.ts'), worker: await bundle('tests/chaos/simulated-worker.ts') }
    await this.startCoordinator()
    this.network = await FaultProxy.open({ host: '127.0.0.1', port: this.port })
    for (let worker = 0; worker < workers; worker++) this.startWorker(worker)
  }

  get coordinator(): TestProcess {
    return this.running as TestProcess
  }

  get proxy(): FaultProxy {
    return this.network as FaultProxy
  }

  /** @returns when it serves */
  async startCoordinator(): Promise<void> {
    const address = `127.0.0.1:${this.port}`
    const words = ['coordinator', '--config', this.configFile, '--output', this.output, '--listen', address, '--json']
    const coordinator = new TestProcess([this.programs.nasoa, ...words])
    this.running = coordinator
    void coordinator.ended.then((code) => {
      if (this.running === coordinator) this.death = `the coordinator ended (${code}): ${coordinator.stderr.seen.slice(-5).join(' | ')}`
    })
    await coordinator.firstDocument()
  }

  /** Without any chance to put things in order. */
  async killCoordinator(): Promise<void> {
    const coordinator = this.coordinator
    this.requireLife()
    this.running = null
    await coordinator.kill()
  }

  /** @throws Error when the coordinator has ended although nobody killed it */
  requireLife(): void {
    if (this.death !== null) throw new Error(this.death)
  }

  startWorker(index: number): void {
    const { folder, trainingMs } = this.options
    const words = [this.programs.worker, this.proxy.address, `worker-${index}`, join(folder, `worker-${index}`), '2', String(trainingMs)]
    this.workers[index] = new TestProcess(words, (line) => this.note(line))
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
    end(worker)
    await worker.ended
    // Another fault may have hit the same one, and replaced it.
    if (this.workers[index] === worker && !this.isOver()) this.startWorker(index)
  }

  isOver(): boolean {
    this.requireLife()
    this.isOver_ ||= readSearchRecord(this.output).status === 'finished'
    return this.isOver_
  }

  /** Waits for the search's end, and ends everything in order. @returns the last snapshot that the coordinator gave */
  async finish(): Promise<SearchSnapshot> {
    // Workers end with the search; whoever ended with an earlier error would be missed here.
    await Promise.all(this.workers.map((worker) => worker?.ended ?? Promise.resolve(null)))
    const control = new ControlClient({ target: `127.0.0.1:${this.port}` })
    let last: SearchSnapshot | null = null
    for await (const snapshot of control.watchSearch(100)) last = snapshot
    control.close()
    const { coordinator } = this
    this.requireLife()
    this.running = null
    coordinator.signal('SIGTERM')
    await coordinator.ended
    await this.proxy.close()
    if (last === null) throw new Error('the coordinator gave no snapshot')
    return last
  }

  /** Ends what still runs, where a check or a step has failed. */
  async abandon(): Promise<void> {
    await Promise.all([...this.workers, this.running].map((each) => each?.kill() ?? Promise.resolve()))
    await this.network?.close()
  }

  /** What a worker was told is in the store must be there in the end. */
  private note(line: string): void {
    if (!line.includes('result delivered')) return
    const { jobId, outcome, verdict } = JSON.parse(line) as Record<string, unknown>
    if (verdict === 'accepted' && outcome !== 'failed' && outcome !== 'cancelled') this.delivered.add(Number(jobId))
  }
}

