import type { ChannelOptions } from '@grpc/grpc-js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import { WorkerClient } from '../../shared/rpc/worker-client.js'
import { programVersion } from '../../shared/version.js'
import { simulatedOutcome } from './simulated-outcome.js'

/** Every worker has a connection of its own, as workers on other machines have. */
const channelOptions: ChannelOptions = { 'grpc.use_local_subchannel_pool': 1 }

export interface LoadWorkerOptions {
  readonly address: string
  readonly workerId: string
  /** Length of the next training, milliseconds. */
  readonly jobMs: () => number
  /** Whether another result is wanted; called once before each. */
  readonly takeTurn: () => boolean
}

/** What one worker measured, milliseconds. */
export interface LoadTimes {
  /** From a training's end to the next one's beginning: how long the slot stood idle. */
  readonly idleMs: number[]
  /** Duration of the call that delivered the result. */
  readonly dispatchMs: number[]
}

/** A worker of one slot whose trainings only take time. */
export class LoadWorker {
  readonly times: LoadTimes = { idleMs: [], dispatchMs: [] }
  private readonly client: WorkerClient
  private sessionId = ''
  private held: JobLease | null = null
  private beating: NodeJS.Timeout | null = null

  constructor(private readonly options: LoadWorkerOptions) {
    this.client = new WorkerClient({ target: options.address, channelOptions })
  }

  /** Registers and takes its first job, which is not measured. */
  async begin(): Promise<void> {
    const { workerId } = this.options
    const worker = { workerId, name: workerId, version: programVersion(), slots: 1, deviceClass: 'simulated', threadsPerSlot: 1 }
    const session = await this.client.register({ worker, held: [], searchId: '' })
    this.sessionId = session.sessionId
    this.beating = setInterval(() => this.beat(session.leaseTtlMs), session.heartbeatIntervalMs)
    this.held = await this.poll()
  }

  async work(): Promise<void> {
    while (this.options.takeTurn()) {
      const jobMs = this.options.jobMs()
      if (jobMs > 0) await new Promise((resolve) => setTimeout(resolve, jobMs))
      const ended = performance.now()
      this.held = await this.deliver(this.held as JobLease)
      this.times.idleMs.push(performance.now() - ended)
    }
  }

  end(): void {
    if (this.beating) clearInterval(this.beating)
    this.client.close()
  }

  private async deliver(job: JobLease): Promise<JobLease> {
    const { jobId, token } = job
    const outcome = simulatedOutcome(job.specification.encoding)
    const started = performance.now()
    const { verdict, lease } = await this.client.completeJob(this.sessionId, { jobId, token, slot: 0, outcome, wantsNext: true })
    this.times.dispatchMs.push(performance.now() - started)
    if (verdict !== 'accepted') throw new Error(`the result of job ${jobId} was refused`)
    return lease ?? this.poll()
  }

  private async poll(): Promise<JobLease> {
    for (;;) {
      const { lease, searchOver } = await this.client.leaseJob(this.sessionId, 0, 30_000)
      if (lease !== null) return lease
      if (searchOver) throw new Error('the search of the bench is over')
    }
  }

  /** One that fails is made good by the next. */
  private beat(leaseTtlMs: number): void {
    const held = this.held ? [{ jobId: this.held.jobId, token: this.held.token }] : []
    this.client.heartbeat(this.sessionId, held, false, leaseTtlMs).catch(() => undefined)
  }
}
