import type { ZooFiles } from '../../coordinator/zoo/write-zoo.js'
import { systemClock } from '../../shared/clock.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { EnvironmentError } from '../../shared/errors.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { retry } from '../../shared/rpc/retry.js'
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
 * end of its budget; then writes its zoo. Ctrl-C ends the search early, with what it has.
 */
export async function runSearch(folder: SearchFolder, config: SearchConfig): Promise<SearchRun> {
  const display = createProgressDisplay()
  const cluster = await LocalCluster.start(folder, config, (line) => display.announce(line))
  announceCluster(cluster, config, folder, display)
  try {
    const interrupted = await follow(cluster, display)
    display.end()
    await cluster.stop()
    return { ...(await collectZoo(folder.path, config)), interrupted }
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

/** @returns whether a signal ended the search */
async function follow(cluster: LocalCluster, display: ProgressDisplay): Promise<boolean> {
  const client = new ControlClient(cluster.address)
  const watching = new AbortController()
  const interruption = new Interruption(() => watching.abort())
  const stopOnRequest = interruption.requested.then(async () => {
    display.announce('ending the search with what it has (again to end at once) ...')
    // The coordinator may be about to be started again.
    await retry(() => client.stopSearch('cancel', 'interrupted by its user'), { clock: systemClock, random: Math.random, signal: watching.signal })
  })
  const broken = cluster.supervised.then(() => Promise.reject(new EnvironmentError('the processes of the search ended')))
  try {
    await Promise.race([watchToEnd(client, (snapshot) => display.show(snapshot), watching.signal), stopOnRequest.then(() => broken), broken])
    return interruption.wasRequested
  } finally {
    watching.abort()
    interruption.dispose()
    broken.catch(() => undefined)
    client.close()
  }
}
