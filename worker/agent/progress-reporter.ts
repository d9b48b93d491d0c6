import type { Cancellation } from '../../shared/cluster/attempt.js'
import type { EpochReport } from '../../shared/cluster/job-lease.js'

/**
 * Sends each training's latest epoch, one call at a time: when epochs end faster than calls are answered, those in between
 * are left out.
 */
export class ProgressReporter {
  private readonly waiting = new Map<number, EpochReport>()
  private sending = false

  constructor(
    private readonly send: (report: EpochReport) => Promise<Cancellation | null>,
    private readonly onCancellation: (cancellation: Cancellation) => void,
  ) {}

  report(report: EpochReport): void {
    this.waiting.set(report.jobId, report)
    if (!this.sending) void this.sendAll()
  }

  private async sendAll(): Promise<void> {
    this.sending = true
    for (let next = this.take(); next; next = this.take()) {
      try {
        const cancellation = await this.send(next)
        if (cancellation) this.onCancellation(cancellation)
      } catch {
        // Progress is for people; what cannot be delivered now is not worth a retry, and the link logs that nobody answers.
      }
    }
    this.sending = false
  }

  private take(): EpochReport | undefined {
    const [next] = this.waiting.values()
    if (next) this.waiting.delete(next.jobId)
    return next
  }
}
