import { Gauge, type Registry } from 'prom-client'

export interface WorkerCounts {
  readonly workers: number
  readonly slots: number
  readonly busySlots: number
  readonly waitingSlots: number
}

/** Who is there and what they do; read at scrape time. */
export function registerWorkerMetrics(registry: Registry, counts: () => WorkerCounts): void {
  const gauge = (name: string, help: string, read: (counts: WorkerCounts) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(counts()))
      },
    })
  }
  gauge('nasoa_workers', 'Workers that are registered', ({ workers }) => workers)
  gauge('nasoa_slots', 'Slots of workers that take jobs', ({ slots }) => slots)
  gauge('nasoa_slots_busy', 'Slots that hold a job', ({ busySlots }) => busySlots)
  gauge('nasoa_slots_waiting', 'Slots that wait for a job in a long poll', ({ waitingSlots }) => waitingSlots)
}
