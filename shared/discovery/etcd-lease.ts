import type { Etcd3, Lease } from 'etcd3'
import type { Clock } from '../clock.js'
import { askEtcd, callTimeoutMs } from './etcd-client.js'
import { Tenure } from './tenure.js'

/** Called after each renewal, before it counts; throws StaleTokenError where what the lease stood for is gone all the same. */
export type LeaseCheck = (leaseId: string) => Promise<void>

/**
 * A lease, renewed one call at a time. The library's own loop is not used: it keeps no time that can be relied on, and
 * reports a lease as lost by its own timer while etcd, back from an outage, still has it and its keys.
 */
export class EtcdLease {
  private constructor(
    private readonly lease: Lease,
    /** As etcd prints it, in decimal. */
    readonly id: string,
    private readonly ttlMs: number,
  ) {}

  /** @param ttlMs rounded up to whole seconds; etcd may grant more */
  static async grant(client: Etcd3, ttlMs: number): Promise<EtcdLease> {
    const lease = client.lease(Math.ceil(ttlMs / 1000), { autoKeepAlive: false, deadline: Date.now() + callTimeoutMs })
    const id = await askEtcd('grant a lease', () => lease.grant())
    return new EtcdLease(lease, String(id), ttlMs)
  }

  /** Renews once; the time to live from then, milliseconds. @throws StaleTokenError when the lease has run out */
  async renew(): Promise<number> {
    const timeoutMs = Math.min(callTimeoutMs, this.ttlMs / 3)
    const { TTL } = await askEtcd('renew a lease', () => this.lease.keepaliveOnce({ deadline: Date.now() + timeoutMs }))
    return Number(TTL) * 1000
  }

  /** Renews once and from then on; the check decides whether each renewal counts. */
  async hold(clock: Clock, check: LeaseCheck): Promise<Tenure> {
    const renew = async (): Promise<number> => {
      const ttlMs = await this.renew()
      await check(this.id)
      return ttlMs
    }
    const askedAtMs = clock.now()
    return new Tenure({ askedAtMs, ttlMs: await renew(), renew, clock })
  }

  /** Gives the lease and its keys back; where etcd is away they run out by themselves. Never throws. */
  async revoke(): Promise<void> {
    await this.lease.revoke({ deadline: Date.now() + callTimeoutMs }).catch(() => undefined)
  }
}
