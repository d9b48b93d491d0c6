import { Counter, Histogram, type Registry } from 'prom-client'
import type { RunObserver } from '../run/run-observer.js'

/** How long jobs wait and how their attempts end. */
export function registerAttemptMetrics(registry: Registry): Pick<RunObserver, 'jobChanged'> {
  const registers = [registry]
  const wait = new Histogram({
    name: 'nasoa_job_queue_wait_seconds',
    help: 'Time a job waited for a slot, from entering the queue to being leased',
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200],
    registers,
  })
  const duration = new Histogram({
    name: 'nasoa_attempt_duration_seconds',
    help: 'Time from the lease of an attempt to its end, by outcome',
    labelNames: ['outcome'],
    buckets: [0.1, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 172800],
    registers,
  })
  const expiries = new Counter({ name: 'nasoa_lease_expiries_total', help: 'Leases that ran out because their worker was silent', registers })
  const failures = new Counter({
    name: 'nasoa_attempt_failures_total',
    help: 'Attempts that machines or workers failed, by reason',
    labelNames: ['reason'],
    registers,
  })
  return {
    jobChanged(job, previous, ended) {
      if (job.state.kind === 'leased' && previous.state.kind === 'queued') wait.observe(Math.max(0, job.state.sinceMs - previous.state.sinceMs) / 1000)
      if (ended === null) return
      duration.observe({ outcome: ended.outcome.kind }, Math.max(0, ended.endedAtMs - ended.startedAtMs) / 1000)
      if (ended.outcome.kind !== 'failed') return
      failures.inc({ reason: ended.outcome.reason })
      if (ended.outcome.reason === 'worker_lost') expiries.inc()
    },
  }
}
