import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { startCoordinator, type CoordinatorOptions, type RunningCoordinator } from '../../coordinator/coordinator.js'
import { searchConfigSchema, type SearchConfig } from '../../shared/config/search-config.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import type { WorkerDescription } from '../../shared/cluster/worker-description.js'
import { smallSpace } from '../support/small-space.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { WorkerClient, type Completion, type CompletionAnswer, type LeaseAnswer, type Session } from '../../shared/rpc/worker-client.js'
import { programVersion } from '../../shared/version.js'

export function testConfig(changes: Record<string, unknown> = {}): SearchConfig {
  return searchConfigSchema.parse({
    name: 'test',
    seed: 7,
    data: { directory: 'builtin:digits' },
    space: smallSpace,
    training: { epochs: 1, batch: 16, resolution: 32 },
    search: { population: 4, candidates: 12 },
    jobs: { leaseTime: '1m' },
    ...changes,
  })
}

const open: { close(): void | Promise<void> }[] = []
const folders: string[] = []

// The search of a coordinator runs in a thread, from dist/.
beforeAll(ensureBuilt)

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Closes it after the test. */
export function closing<T extends { close(): void | Promise<void> }>(each: T): T {
  open.push(each)
  return each
}

/** A folder that goes away after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-test-'))
  folders.push(folder)
  return folder
}

export async function coordinator(changes: Partial<CoordinatorOptions> = {}): Promise<RunningCoordinator> {
  const options = { config: testConfig(), directory: temporaryFolder(), dataset: { classes: 10 }, listen: '127.0.0.1:0', ...changes }
  return closing(await startCoordinator(options))
}

/** A worker that does what a test tells it, over a real connection. */
export class ScriptedWorker {
  private readonly client: WorkerClient
  session: Session | null = null
  searchId: string | null = null

  constructor(
    address: string,
    readonly workerId: string,
    private readonly slots = 1,
    private readonly labels: Readonly<Record<string, string>> = {},
    private readonly memoryBytes?: number,
  ) {
    this.client = closing(new WorkerClient({ target: address }))
  }

  get description(): WorkerDescription {
    return { workerId: this.workerId, name: this.workerId, version: programVersion(), slots: this.slots, deviceClass: 'test', threadsPerSlot: 1, labels: this.labels, memoryBytes: this.memoryBytes }
  }

  async register(held: readonly { jobId: number; token: number; slot: number }[] = []): Promise<Session> {
    this.session = await this.client.register({ worker: this.description, held, searchId: held.length > 0 ? (this.searchId ?? '') : '' })
    this.searchId = this.session.searchId
    return this.session
  }

  leaseJob(waitMs = 0, slot = 0): Promise<LeaseAnswer> {
    return this.client.leaseJob(this.sessionId, slot, waitMs)
  }

  /** A job that must be there. */
  async job(slot = 0, waitMs = 2000): Promise<JobLease> {
    const { lease } = await this.leaseJob(waitMs, slot)
    if (lease === null) throw new Error('no job')
    return lease
  }

  heartbeat(...held: { jobId: number; token: number }[]) {
    return this.client.heartbeat(this.sessionId, held, false, 1000)
  }

  report({ jobId, token }: JobLease, epoch: number, top1: number) {
    return this.client.reportProgress(this.sessionId, { jobId, token, epoch, epochs: 3, loss: 1, top1, imagesPerSecond: 10 })
  }

  complete(job: JobLease, outcome: Outcome = outcomeFor(job.specification.encoding), changes: Partial<Completion> = {}): Promise<CompletionAnswer> {
    return this.client.completeJob(this.sessionId, { jobId: job.jobId, token: job.token, slot: 0, outcome, wantsNext: false, ...changes })
  }

  deregister(reason = 'drained'): Promise<void> {
    return this.client.deregister(this.sessionId, reason)
  }

  /** Trains until the search is over. @returns what it trained */
  async workUntilOver(): Promise<string[]> {
    const trained: string[] = []
    for (let answer: LeaseAnswer = await this.leaseJob(1000); ; ) {
      if (answer.lease) {
        trained.push(answer.lease.specification.encoding)
        answer = await this.complete(answer.lease, undefined, { wantsNext: true })
      } else if (answer.searchOver) return trained
      else answer = await this.leaseJob(1000)
    }
  }

  private get sessionId(): string {
    if (this.session === null) throw new Error('not registered')
    return this.session.sessionId
  }
}

export async function worker(address: string, workerId: string, slots = 1): Promise<ScriptedWorker> {
  const scripted = new ScriptedWorker(address, workerId, slots)
  await scripted.register()
  return scripted
}

/** Everything an async sequence gives. */
export async function all<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of sequence) items.push(item)
  return items
}
