import type { ServiceError } from '@grpc/grpc-js'
import type { Candidate, CandidateStatus } from '../cluster/candidate.js'
import type { SearchSnapshot, StopMode } from '../cluster/search-snapshot.js'
import type { WorkerStatus } from '../cluster/worker-description.js'
import { clientSecurity } from '../security/credentials.js'
import { callUnary, type UnaryCallOptions } from './call.js'
import { clientChannelOptions, type Endpoint } from './channel-options.js'
import { fromServiceError } from './error-status.js'
import { ControlServiceClient, type WatchSearchResponse } from './gen/nasoa/v1/control.js'
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
