import { setTimeout as delay } from 'node:timers/promises'
import { type SearchSnapshot, isFinal } from '../../shared/cluster/search-snapshot.js'
import { UnavailableError } from '../../shared/errors.js'
import type { ControlClient } from '../../shared/rpc/control-client.js'

const intervalMs = 250
const reconnectMs = 300

/**
 * Follows a search to its end, over losses of the coordinator.
 * @returns the last snapshot, whose status is final; null when the signal ended the watching
 */
export async function watchToEnd(client: ControlClient, show: (snapshot: SearchSnapshot) => void, signal: AbortSignal): Promise<SearchSnapshot | null> {
  while (!signal.aborted) {
    try {
      for await (const snapshot of client.watchSearch(intervalMs, signal)) {
        show(snapshot)
        if (isFinal(snapshot.status)) return snapshot
      }
    } catch (error) {
      // Whoever keeps the coordinator alive gives up in time; until then it may come back.
      if (!(error instanceof UnavailableError)) throw error
    }
    await delay(reconnectMs)
  }
  return null
}
