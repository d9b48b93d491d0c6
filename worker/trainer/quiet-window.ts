import { statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { CancelledError } from '../../shared/errors.js'

/** A holder that has not touched its lock for so long has died (or is stuck in one step: then two may measure at once). */
const staleMs = 10_000
/** How often a trainer looks whether somebody measures; also how long it sleeps between looks while paused. */
const lookEveryMs = 20

/** Lock file of this user's trainers on this host. */
export function hostLockPath(): string {
  return join(tmpdir(), `nasoa-measurement-${userInfo().uid}`)
}

/**
 * Gives one throughput measurement at a time the host: the holder measures, all others wait between two steps.
 * On the file system, so that trainers of several workers, started apart, see each other.
 */
export class QuietWindow {
  private readonly lockPath: string
  private lastLookMs = -Infinity
  private wasTaken = false
  private isHolder = false

  constructor(
    private readonly path: string = hostLockPath(),
    private readonly now: () => number = () => performance.now(),
  ) {
    this.lockPath = `${path}.lock`
  }

  /** Runs `measure` while no other trainer of the host takes steps. */
  async hold<T>(measure: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const release = await this.acquire(signal)
    this.isHolder = true
    try {
      return await measure()
    } finally {
      this.isHolder = false
      // A lock that was taken over meanwhile is no longer ours to release.
      await release().catch(() => undefined)
    }
  }

  /** Returns at once, without I/O most of the time, unless another trainer measures; then waits. @returns milliseconds waited */
  async pause(signal: AbortSignal): Promise<number> {
    if (!this.isTaken()) return 0
    const start = this.now()
    while (this.isTaken()) {
      refuseAborted(signal)
      await delay(lookEveryMs)
    }
    return this.now() - start
  }

  private async acquire(signal: AbortSignal): Promise<() => Promise<void>> {
    for (;;) {
      refuseAborted(signal)
      try {
        // A step longer than the update interval delays the update; that must not end the measurement.
        return await lockfile.lock(this.path, { realpath: false, stale: staleMs, update: 1000, onCompromised: () => undefined })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
        await delay(lookEveryMs)
      }
    }
  }

  private isTaken(): boolean {
    if (this.isHolder) return false
    if (this.now() - this.lastLookMs < lookEveryMs) return this.wasTaken
    this.lastLookMs = this.now()
    const lock = statSync(this.lockPath, { throwIfNoEntry: false })
    this.wasTaken = lock !== undefined && Date.now() - lock.mtimeMs < staleMs
    return this.wasTaken
  }
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new CancelledError('the training was cancelled')
}
