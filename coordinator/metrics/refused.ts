import { Gauge, type Registry } from 'prom-client'
import type { AdmissionState } from '../search/admission.js'

/** Networks that a search with a constraint on the step time has turned away; read at scrape time. */
export function registerRefusedMetrics(registry: Registry, admission: () => AdmissionState | null): void {
  new Gauge({
    name: 'nasoa_refused_candidates',
    help: 'Networks predicted to break a constraint on step time or throughput, and not trained, since the search began',
    registers: [registry],
    collect() {
      this.set(admission()?.refused ?? 0)
    },
  })
}
