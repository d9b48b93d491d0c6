import { Gauge, type Registry } from 'prom-client'

/** Memory and processor time of the coordinator; read at scrape time. */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry]
  new Gauge({
    name: 'nasoa_resident_memory_bytes',
    help: 'Resident memory of the coordinator',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'nasoa_cpu_seconds',
    help: 'Processor time that the coordinator has used',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.set((user + system) / 1e6)
    },
  })
}
