import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.js'
import type { SearchSnapshot, StopMode } from '../shared/cluster/search-snapshot.js'
import type { SearchConfig } from '../shared/config/search-config.js'

/** What a coordinator is started with. */
export interface CoordinatorOptions {
  readonly config: SearchConfig
  /** Folder of the search: holds search.db. A search found there is continued; its config must be the same in what results depend on. */
  readonly directory: string
  /** host:port of the gRPC services; port 0 = any free one. Default: the config's. */
  readonly listen?: string
  /** host:port of /metrics and /healthz; null = none. Default: the config's. */
  readonly metrics?: string | null
  /** Allows an address that is not loopback without TLS. Default false. */
  readonly insecure?: boolean
  /** What the data folder resolves to, where the caller has resolved it. */
  readonly dataset?: { readonly classes: number; readonly manifestHash?: string }
  readonly clock?: Clock
  readonly logger?: Logger
}

/** A coordinator that serves. */
export interface RunningCoordinator {
  /** host:port that workers and control clients connect to. */
  readonly address: string
  /** host:port of /metrics and /healthz; null = none. */
  readonly metricsAddress: string | null
  snapshot(): SearchSnapshot
  /** Resolves with the last snapshot once the search's status is final and stored. */
  readonly finished: Promise<SearchSnapshot>
  /** Ends the search for good, see StopSearch of ControlService. */
  stopSearch(mode: StopMode, reason: string): Promise<void>
  /** Ends the process's part: the search stays as it is in the store and can be continued. Idempotent. */
  close(): Promise<void>
}
