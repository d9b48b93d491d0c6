import type { FaultProxy } from '../support/fault-proxy.js'
import { TestProcess } from '../support/processes.js'

/** What a coordinator did from when it served until it closed or died. */
export interface Reign {
  /** Grows from reign to reign: the epoch of its election, or the count of its starts where there are no elections. */
  readonly epoch: number
  /** Results that were in the store when it took over. */
  readonly trainedBefore: number
  /** Jobs of which it has said that their outcome is in the store. */
  readonly confirmed: Set<number>
}

export interface CoordinatorPlace {
  readonly port: number
  /** Between it and its workers. */
  readonly network: FaultProxy
  /** Between it and etcd; null = there are no elections. */
  readonly etcdNetwork: FaultProxy | null
  /** Its program and its arguments. */
  readonly words: readonly string[]
}

/** A coordinator that is killed and started again, always at the same place. What it does is read from its log. */
export class Coordinator {
  readonly reigns: Reign[] = []
  /** What its processes have logged so far, a line each. */
  readonly log: string[] = []
  /** It stands by for one that leads, or waits for etcd. */
  isStandingBy = false
  /** How it ended, if nobody killed it. */
  death: string | null = null
  private process: TestProcess | null = null
  private isServing = false
  private epoch = 0

  /** @param changed called after every change */
  constructor(
    readonly place: CoordinatorPlace,
    private readonly changed: () => void,
  ) {}

  /** The reign of now; null = it does not serve. */
  get reign(): Reign | null {
    return this.isServing ? (this.reigns.at(-1) ?? null) : null
  }

  get isAlive(): boolean {
    return this.process !== null && this.death === null
  }

  get pid(): number {
    return this.process?.pid ?? 0
  }


  start(): void {
    const process = new TestProcess(this.place.words, (line) => this.follow(line))
    this.process = process
    void process.ended.then((code) => {
      if (this.process !== process) return
      this.death = `the coordinator ended (${code}): ${process.stderr.seen.slice(-20).join(' | ')}`
      this.ended()
    })
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.process?.signal(signal)
  }

  /** Without any chance to put things in order. */
  async kill(): Promise<void> {
    await this.end((process) => process.kill())
  }

  /** Where its end is no fault. @returns how it ended; null = it lives */
  acceptDeath(): string | null {
    const { death } = this
    if (death !== null) this.process = null
    this.death = null
    return death
  }

  /** In order. */
  async terminate(): Promise<void> {
    await this.end(async (process) => {
      process.signal('SIGTERM')
      await process.ended
    })
  }

  async close(): Promise<void> {
    await this.kill()
    await this.place.network.close()
    await this.place.etcdNetwork?.close()
  }

  private async end(how: (process: TestProcess) => Promise<void>): Promise<void> {
    const { process } = this
    this.process = null
    if (process !== null) await how(process)
    this.ended()
  }

  private ended(): void {
    this.isServing = this.isStandingBy = false
    this.changed()
  }

  private follow(line: string): void {
    this.log.push(line)
    if (!line.startsWith('{')) return
    const { msg, ...entry } = JSON.parse(line) as Readonly<Record<string, unknown>>
    if (msg === 'leading') this.epoch = Number(entry.epoch)
    else if (msg === 'serving') this.begin(Number(entry.trained))
    else if (msg === 'closing') this.isServing = false
    else if (msg === 'standing by') this.isStandingBy = true
    else if (msg === 'attempt completed' && entry.verdict === 'accepted') this.reigns.at(-1)?.confirmed.add(Number(entry.jobId))
    else return
    this.changed()
  }

  private begin(trainedBefore: number): void {
    const epoch = this.place.etcdNetwork === null ? this.reigns.length + 1 : this.epoch
    this.reigns.push({ epoch, trainedBefore, confirmed: new Set() })
    this.isServing = true
    this.isStandingBy = false
  }
}
