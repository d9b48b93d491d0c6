import type { AttemptReference } from '../../shared/cluster/attempt.js'
import type { EpochReport } from '../../shared/cluster/job-lease.js'

/** Latest epoch of each training that is going on. */
export class ProgressBoard {
  private readonly latest = new Map<number, EpochReport>()

  /** Whether the report is news. */
  report(report: EpochReport): boolean {
    const known = this.of(report)
    if (known && known.epoch >= report.epoch) return false
    this.latest.set(report.jobId, report)
    return true
  }

  of({ jobId, token }: AttemptReference): EpochReport | null {
    const report = this.latest.get(jobId)
    return report?.token === token ? report : null
  }

  forget(jobId: number): void {
    this.latest.delete(jobId)
  }
}
