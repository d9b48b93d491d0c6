import { Gauge, type Registry } from 'prom-client'
import type { JobTable } from '../jobs/job-table.js'

/** Jobs that have not ended, by state; read at scrape time. */
export function registerJobMetrics(registry: Registry, jobs: () => Pick<JobTable, 'states'>): void {
  new Gauge({
    name: 'nasoa_jobs',
    help: 'Jobs that have not ended, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(jobs().states())) this.set({ state }, count)
    },
  })
}
