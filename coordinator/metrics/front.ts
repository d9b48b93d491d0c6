import { Gauge, type Registry } from 'prom-client'
import type { SearchStatistics } from '../run/statistics.js'

type Front = Pick<SearchStatistics, 'trained' | 'frontSize' | 'hypervolume' | 'mostAccurate' | 'fastest'>

/** What the search has found; read at scrape time. */
export function registerFrontMetrics(registry: Registry, front: () => Front): void {
  const gauge = (name: string, help: string, read: (front: Front) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(front()))
      },
    })
  }
  gauge('nasoa_candidates_trained', 'Candidates of the whole search that ended with a result', ({ trained }) => trained)
  gauge('nasoa_front_size', 'Candidates on the Pareto front', ({ frontSize }) => frontSize)
  gauge('nasoa_hypervolume', 'Hypervolume of error and log step time, scaled to the range of all candidates', (search) => search.hypervolume())
  gauge('nasoa_best_top1', 'Highest validation accuracy so far, 0 to 1', ({ mostAccurate }) => mostAccurate?.top1 ?? 0)
  gauge('nasoa_best_images_per_second', 'Highest training throughput so far', ({ fastest }) => fastest?.imagesPerSecond ?? 0)
}
