import type { Database, Statement } from 'libsql'
import { StaleTokenError } from '../../shared/errors.js'

/**
 * Keeps writers that no longer lead out of a store: the highest epoch ever seen is a row of it, read within each transaction
 * (Kleppmann's fencing tokens, with the store as the one that checks).
 */
export class LeaderFence {
  private readonly read: Statement

  /**
   * @param epoch of this leader; null = there are no elections, and the caller has the store for itself
   * @throws StaleTokenError when a leader of a higher epoch has been here
   */
  constructor(
    database: Database,
    private readonly epoch: number | null,
  ) {
    this.read = database.prepare('SELECT epoch FROM leader')
    // Whoever is alone begins the count anew, also where an etcd was set up afresh and its epochs start from 1 again.
    const claim = database.prepare('INSERT INTO leader (id, epoch) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch WHERE ? OR epoch < excluded.epoch')
    claim.run(epoch ?? 0, epoch === null ? 1 : 0)
    this.check()
  }

  /** @throws StaleTokenError */
  check(): void {
    if (this.epoch === null) return
    const { epoch } = this.read.get() as { epoch: number }
    if (epoch > this.epoch) throw new StaleTokenError(`a coordinator that was elected later (epoch ${epoch}, this one has ${this.epoch}) has taken over the search`)
  }
}
