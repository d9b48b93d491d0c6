import type { ZooFiles } from '../../coordinator/zoo/write-zoo.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { type SearchZoo, collectZoo } from './collect-zoo.js'
import { Interruption } from './interruption.js'
import { LocalCluster } from './local-cluster.js'
import { type ProgressDisplay, createProgressDisplay } from './progress-display.js'
import type { SearchFolder } from './search-folder.js'
import { watchToEnd } from './watch-search.js'

export interface SearchRun {
  readonly zoo: SearchZoo
  readonly files: ZooFiles
  readonly interrupted: boolean
}

/**
 * Runs or continues the search of a folder with a coordinator and the local workers of its config, each a process of its own, to the
 * end of its budget; then writes its zoo. Ctrl-C ends the processes, not the search: it can be resumed.
 */
export async function runSearch(folder: SearchFolder, config: SearchConfig): Promise<SearchRun> {
  const interruption = new Interruption()
  const display = createProgressDisplay()
  const cluster = await LocalCluster.start(folder, config, (line) => display.announce(line))
  announceCluster(cluster, config, folder, display)
  try {
    const interrupted = await follow(cluster, display, interruption)
    display.end()
    await cluster.stop()
    return { ...(await collectZoo(folder.path)), interrupted }
  } finally {
    display.end()
    await cluster.stop()
  }
}

function announceCluster(cluster: LocalCluster, { workers }: SearchConfig, folder: SearchFolder, display: ProgressDisplay): void {
  const metrics = cluster.metricsAddress === null ? '' : `, metrics at http://${cluster.metricsAddress}/metrics`
  display.announce(`coordinator at ${cluster.address}${metrics}; logs in ${folder.logs}`)
  if (workers.local === 0) display.announce(`waiting for workers: start them with \`nasoa worker --coordinator ${cluster.address}\``)
}

/** Follows the search to its end, or until its user interrupts it. @returns whether it was interrupted */
async function follow(cluster: LocalCluster, display: ProgressDisplay, interruption: Interruption): Promise<boolean> {
  const client = new ControlClient({ target: cluster.address })
  const watching = new AbortController()
  try {
    const ended = watchToEnd(client, (snapshot) => display.show(snapshot), watching.signal)
    await Promise.race([ended, interruption.requested, cluster.broken])
    if (interruption.wasRequested) display.announce('ending with what there is; trainings that run are handed back (again to end at once) ...')
    return interruption.wasRequested
  } finally {
    watching.abort()
    client.close()
  }
}
