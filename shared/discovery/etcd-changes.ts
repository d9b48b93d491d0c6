import type { Etcd3, Watcher } from 'etcd3'
import type { Clock } from '../clock.js'

const reopenMs = 1_000

/**
 * Calls `changed` for each change below a prefix, and after each reconnection, since changes may have been missed before.
 * The library reconnects by itself; a watch that etcd cancels (compacted, no rights) is opened anew. Returns how to stop.
 */
export function subscribeToPrefix(client: Etcd3, prefix: string, clock: Clock, changed: () => void): () => void {
  let stopped = false
  let current: Watcher | null = null
  const open = (): void => {
    if (stopped) return
    const watcher = client.watch().prefix(prefix).watcher()
    current = watcher
    watcher.on('data', changed)
    watcher.on('connected', changed)
    watcher.on('disconnected', changed)
    watcher.on('error', () => clock.after(reopenMs, open))
  }
  open()
  return () => {
    stopped = true
    // Answered by etcd, which may be away: not awaited.
    current?.cancel().catch(() => undefined)
  }
}
