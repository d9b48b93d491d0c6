import type { ServiceError } from '@grpc/grpc-js'
import type { Candidate, CandidateStatus } from '../cluster/candidate.js'
import type { FailureGroup, JobRecord } from '../cluster/job-record.js'
import type { SearchSnapshot, StopMode } from '../cluster/search-snapshot.js'
import type { WorkerStatus } from '../cluster/worker-description.js'
import { clientSecurity } from '../security/credentials.js'
import { callUnary, type UnaryCallOptions } from './call.js'
import { clientChannelOptions, type Endpoint } from './channel-options.js'
import { fromServiceError } from './error-status.js'
import { ControlServiceClient, type WatchSearchResponse } from './gen/nasoa/v1/control.js'
import { failureGroupFromMessage, jobFromMessage } from './job-record-message.js'
import { candidateFromMessage, candidateStatuses, snapshotFromMessage, stopModes } from './search-message.js'
import { workerFromMessage } from './worker-message.js'

const deadlineMs = 10_000
const pageSize = 1_000

/** Follows and steers a search, in the terms of the domain. Calls fail with the errors of shared/errors. */
export class ControlClient {
  private readonly client: ControlServiceClient
  private readonly target: string

  /** Nothing is connected before the first call. */
  constructor({ target, name = `the coordinator at ${target}`, security = clientSecurity(null), channelOptions = {} }: Endpoint) {
    this.client = new ControlServiceClient(target, security.credentials, { ...clientChannelOptions, ...security.options, ...channelOptions })
    this.target = name
  }

  async getSearch(): Promise<SearchSnapshot> {
    const answer = await callUnary(this.client.getSearch.bind(this.client), {}, this.options())
    return snapshotFromMessage(answer.search)
  }

  /**
   * Snapshots as the search goes on, the last one with a final status, after which it ends.
   * Throws UnavailableError when the coordinator goes away; watching again continues.
   */
  async *watchSearch(intervalMs = 500, signal?: AbortSignal): AsyncGenerator<SearchSnapshot, void, void> {
    const call = this.client.watchSearch({ intervalMs: BigInt(Math.round(intervalMs)) })
    const cancel = (): void => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for await (const message of call) yield snapshotFromMessage((message as WatchSearchResponse).search)
    } catch (error) {
      if (!signal?.aborted) throw fromServiceError(error as ServiceError, this.target)
    } finally {
      signal?.removeEventListener('abort', cancel)
      call.cancel()
    }
  }

  /** All candidates in the order of their proposal, fetched in pages. */
  async *listCandidates(status?: CandidateStatus): AsyncGenerator<Candidate, void, void> {
    const method = this.client.listCandidates.bind(this.client)
    for (let afterSequence = 0, more = true; more; ) {
      const request = { afterSequence, pageSize, status: status === undefined ? undefined : candidateStatuses.toCode(status) }
      const page = await callUnary(method, request, this.options())
      const candidates = page.candidates.map(candidateFromMessage)
      yield* candidates
      afterSequence = candidates.at(-1)?.sequence ?? afterSequence
      more = page.more && candidates.length > 0
    }
  }

  async listWorkers(): Promise<WorkerStatus[]> {
    const answer = await callUnary(this.client.listWorkers.bind(this.client), {}, this.options())
    return answer.workers.map(workerFromMessage)
  }

  /** Jobs in the order they were queued, fetched in pages; `failed` = only those of which an attempt failed. */
  async *listJobs({ failed = false }: { readonly failed?: boolean } = {}): AsyncGenerator<JobRecord, void, void> {
    for (let afterId = 0, more = true; more; ) {
      const page = await callUnary(this.client.listJobs.bind(this.client), { afterId, pageSize, failed }, this.options())
      const jobs = page.jobs.map(jobFromMessage)
      yield* jobs
      afterId = jobs.at(-1)?.id ?? afterId
      more = page.more && jobs.length > 0
    }
  }

  async summarizeFailures(): Promise<FailureGroup[]> {
    const answer = await callUnary(this.client.summarizeFailures.bind(this.client), {}, this.options())
    return answer.groups.map(failureGroupFromMessage)
  }

  /** @returns the worker's id @throws NotFoundError, InvalidInputError where several have the name */
  async cordonWorker(worker: string, cordoned: boolean, reason: string): Promise<string> {
    const answer = await callUnary(this.client.cordonWorker.bind(this.client), { worker, cordoned, reason }, this.options())
    return answer.workerId
  }

  async stopSearch(mode: StopMode, reason: string): Promise<SearchSnapshot> {
    const answer = await callUnary(this.client.stopSearch.bind(this.client), { mode: stopModes.toCode(mode), reason }, this.options())
    return snapshotFromMessage(answer.search)
  }

  close(): void {
    this.client.close()
  }

  private options(): UnaryCallOptions {
    return { target: this.target, deadlineMs }
  }
}
