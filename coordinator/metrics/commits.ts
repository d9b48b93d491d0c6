import { Counter, Histogram, type Registry } from 'prom-client'

/** Told of each commit: changes in it, time it took, and what went wrong if it failed. */
export type CommitObserver = (changes: number, durationMs: number, error: Error | null) => void

export function registerCommitMetrics(registry: Registry): CommitObserver {
  const registers = [registry]
  const duration = new Histogram({
    name: 'nasoa_store_commit_seconds',
    help: 'Time of one commit to the store, its sync to disk included',
    buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1],
    registers,
  })
  const changes = new Counter({ name: 'nasoa_store_changes_total', help: 'Changes committed to the store', registers })
  const failures = new Counter({ name: 'nasoa_store_commit_failures_total', help: 'Commits that failed; they are tried again', registers })
  return (count, durationMs, error) => {
    if (error) return failures.inc()
    duration.observe(durationMs / 1000)
    changes.inc(count)
  }
}
