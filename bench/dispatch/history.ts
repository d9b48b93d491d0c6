import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { systemClock } from '../../shared/clock.js'
import { simulatedOutcome } from './simulated-outcome.js'

/** Commit now and then: what is recorded is in memory until then. */
const jobsPerCommit = 500

/** Fills a search's folder with finished jobs, by the coordinator's own code. */
export async function writeHistory(directory: string, config: SearchConfig, jobs: number): Promise<void> {
  const store = openSqliteStore(directory)
  try {
    const dataset = { classes: config.data.classes ?? 1000 }
    const { leaseTtlMs } = defaultJobPolicy
    const opened = openSearch({ config, dataset, store, directory, nowMs: systemClock.now(), leaseTtlMs })
    const run = new SearchRun({ config, dataset, ...opened, store, policy: defaultJobPolicy, clock: systemClock })
    for (let done = 0; done < jobs; done++) {
      const lease = run.lease({ workerId: 'history', slot: 0 })
      if (lease === null) throw new Error('the search of the bench has no more candidates')
      run.complete(lease, simulatedOutcome(lease.specification.encoding))
      if (done % jobsPerCommit === 0) await store.committed()
    }
  } finally {
    store.close()
  }
}
