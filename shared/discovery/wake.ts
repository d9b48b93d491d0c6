import type { Clock } from '../clock.js'

/** Wakes a loop that otherwise looks at intervals. A call that comes while the loop works is kept, several count once. */
export class Wake {
  private raised = false
  private resume: (() => void) | null = null

  raise(): void {
    this.raised = true
    this.resume?.()
  }

  /** Resolves when it was raised since the last time, when the time has passed, or when the signal is raised. */
  async within(durationMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.raised && !signal.aborted) await this.sleep(durationMs, clock, signal)
    this.raised = false
  }

  private sleep(durationMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.after(durationMs, finish)
      signal.addEventListener('abort', finish, { once: true })
      this.resume = finish
      function finish(): void {
        timer.cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }
}
