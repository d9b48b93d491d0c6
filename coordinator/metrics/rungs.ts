import { Gauge, type Registry } from 'prom-client'
import type { Climb } from '../run/climb.js'

/** Results and promotions on each rung of a search with several; read at scrape time. */
export function registerRungMetrics(registry: Registry, climb: () => Pick<Climb, 'counts'>): void {
  const gauge = (name: string, help: string, count: 'results' | 'promoted'): void => {
    new Gauge({
      name,
      help,
      labelNames: ['epochs'],
      registers: [registry],
      collect() {
        for (const rung of climb().counts) this.set({ epochs: rung.epochs }, rung[count])
      },
    })
  }
  gauge('nasoa_rung_results', 'Results on each rung, by the epochs at its end', 'results')
  gauge('nasoa_rung_promotions', 'Results of each rung that have gone on to the next', 'promoted')
}
