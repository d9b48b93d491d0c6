import type { Etcd3 } from 'etcd3'
import { formatAddress, type Address } from '../address.js'
import type { Clock } from '../clock.js'
import { messageOf } from '../errors.js'
import { wait } from '../rpc/retry.js'
import type { Announcement, AnnouncementReport, Announcer } from './discovery.js'
import { askEtcd } from './etcd-client.js'
import { EtcdLease } from './etcd-lease.js'
import { coordinatorKey } from './etcd-register.js'
import type { Tenure } from './tenure.js'

export interface EtcdAnnouncerOptions {
  readonly client: Etcd3
  readonly prefix: string
  /** How long an entry outlives its process. */
  readonly ttlMs: number
  readonly clock: Clock
}

const retryMs = 500

/** Enters addresses under a lease. Each renewal makes sure of the entry, whoever removed or took over the key meanwhile. */
export class EtcdAnnouncer implements Announcer {
  constructor(private readonly options: EtcdAnnouncerOptions) {}

  announce(address: Address, report: AnnouncementReport): Announcement {
    const ending = new AbortController()
    const reportChange = onChangeOnly((trouble) => ending.signal.aborted || report(trouble))
    const done = this.keepEntered(address, reportChange, ending.signal)
    return {
      async withdraw() {
        ending.abort()
        await done
      },
    }
  }

  /** A lease that is lost is followed by another; its entry may still be there and is taken over by the new one. */
  private async keepEntered(address: Address, report: AnnouncementReport, ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      const lease = await this.grant(report)
      if (lease !== null) await this.keepUnder(lease, address, report, ending)
      await wait(retryMs, this.options.clock, ending)
    }
  }

  private async grant(report: AnnouncementReport): Promise<EtcdLease | null> {
    try {
      return await EtcdLease.grant(this.options.client, this.options.ttlMs)
    } catch (error) {
      report(messageOf(error))
      return null
    }
  }

  /** Returns once the lease is lost, or given back because the signal was raised. */
  private async keepUnder(lease: EtcdLease, address: Address, report: AnnouncementReport, ending: AbortSignal): Promise<void> {
    try {
      const tenure = await lease.hold(this.options.clock, (leaseId) => this.ensureEntry(address, leaseId))
      report(null)
      await ended(tenure, ending, report)
      if (!ending.aborted) report(`the entry in etcd was lost and is entered again: ${tenure.reason ?? ''}`)
    } catch (error) {
      report(messageOf(error))
    }
    // A lease that is lost by our clock may be alive in etcd, with an entry that would outlive ours.
    await lease.revoke()
  }

  private async ensureEntry(address: Address, leaseId: string): Promise<void> {
    const { client, prefix } = this.options
    const key = coordinatorKey(prefix, address)
    const { kvs } = await askEtcd(`read ${key}`, () => client.get(key).exec())
    if (kvs[0]?.lease === leaseId) return
    await askEtcd(`enter ${key}`, () => client.put(key).value(formatAddress(address)).lease(leaseId).exec())
  }
}

function ended(tenure: Tenure, ending: AbortSignal, report: AnnouncementReport): Promise<void> {
  return new Promise((resolve) => {
    ending.addEventListener('abort', () => tenure.end('withdrawn'), { once: true })
    tenure.onChange((standing) => {
      if (standing === 'held') report(null)
      if (standing === 'uncertain') report(`the entry in etcd may have run out: ${tenure.trouble ?? 'not renewed in time'}`)
      if (standing === 'lost') resolve()
    })
    if (ending.aborted) tenure.end('withdrawn')
  })
}

function onChangeOnly(report: AnnouncementReport): AnnouncementReport {
  let last: string | null | undefined
  return (trouble) => {
    if (trouble === last) return
    last = trouble
    report(trouble)
  }
}
