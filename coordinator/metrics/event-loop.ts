import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'

const resolutionMs = 10

/** How late the event loop is, since the last scrape. @returns what ends the measurement */
export function registerEventLoopMetrics(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  new Gauge({
    name: 'nasoa_event_loop_lag_seconds',
    help: 'Delay of the event loop since the last scrape, by quantile',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      // The histogram holds the whole interval between two looks, its resolution included.
      const lag = (quantile: number): number => (delay.count === 0 ? 0 : Math.max(0, delay.percentile(quantile * 100) / 1e9 - resolutionMs / 1000))
      for (const quantile of [0.5, 0.99, 1]) this.set({ quantile: String(quantile) }, lag(quantile))
      delay.reset()
    },
  })
  return () => delay.disable()
}
