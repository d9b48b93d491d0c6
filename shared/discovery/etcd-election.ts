import type { Etcd3, IKeyValue } from 'etcd3'
import type { Clock } from '../clock.js'
import { CancelledError, StaleTokenError, UnavailableError, messageOf } from '../errors.js'
import type { CampaignReport, Election, Leader, Leadership } from './election.js'
import { askEtcd } from './etcd-client.js'
import { subscribeToPrefix } from './etcd-changes.js'
import { EtcdLease } from './etcd-lease.js'
import { holdProcess } from './hold-process.js'
import type { Standing, Tenure } from './tenure.js'
import { Wake } from './wake.js'

export interface EtcdElectionOptions {
  readonly client: Etcd3
  /** The key that the leader owns, such as `nasoa/default/leader`. */
  readonly key: string
  /** How long a leader that died keeps its name. etcd may grant more, and looks for leases that ran out twice a second. */
  readonly ttlMs: number
  readonly clock: Clock
}

const retryMs = 500

/**
 * The leader is whoever created the key, under a lease; its epoch is the key's create revision. etcd counts revisions over
 * all its keys and never back, unless its data folder is deleted.
 */
export class EtcdElection implements Election {
  constructor(private readonly options: EtcdElectionOptions) {}

  campaign(candidate: string, report: CampaignReport, signal: AbortSignal): Promise<Leadership> {
    return holdProcess(this.win(candidate, report, signal))
  }

  async leader(): Promise<Leader | null> {
    const owner = await this.owner()
    return owner && leaderOf(owner)
  }

  private async win(candidate: string, report: CampaignReport, signal: AbortSignal): Promise<Leadership> {
    const { client, key, clock, ttlMs } = this.options
    const wake = new Wake()
    const unsubscribe = subscribeToPrefix(client, key, clock, () => wake.raise())
    const attempt = new Attempt(this.options, candidate)
    try {
      while (!signal.aborted) {
        const result = await this.attemptOnce(attempt)
        if ('leadership' in result) {
          if (!signal.aborted) return result.leadership
          await result.leadership.resign()
          break
        }
        report(result)
        await wake.within(result.leader === null ? retryMs : ttlMs / 2, clock, signal)
      }
      throw new CancelledError(`gave up the campaign for ${key}`)
    } catch (error) {
      await attempt.abandon()
      throw error
    } finally {
      unsubscribe()
    }
  }

  private async attemptOnce(attempt: Attempt): Promise<{ readonly leadership: Leadership } | Parameters<CampaignReport>[0]> {
    try {
      const owner = await this.owner()
      const leadership = await attempt.take(owner)
      if (leadership !== null) return { leadership }
      // Nobody, and yet not won: another was faster, and is seen at the next look.
      return { leader: owner && leaderOf(owner), trouble: null }
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      return { leader: null, trouble: messageOf(error) }
    }
  }

  private owner(): Promise<IKeyValue | null> {
    return ownerOf(this.options.client, this.options.key)
  }
}

async function ownerOf(client: Etcd3, key: string): Promise<IKeyValue | null> {
  const { kvs } = await askEtcd(`read ${key}`, () => client.get(key).exec())
  return kvs[0] ?? null
}

function leaderOf({ value, create_revision }: IKeyValue): Leader {
  return { candidate: value.toString(), epoch: Number(create_revision) }
}

/** One candidate's tries to own the key. */
class Attempt {
  /** Kept over a call whose answer was lost: the key may have been created under it. */
  private lease: EtcdLease | null = null

  constructor(
    private readonly options: EtcdElectionOptions,
    private readonly candidate: string,
  ) {}

  /** @returns null where another owns the key, or was faster */
  async take(owner: IKeyValue | null): Promise<Leadership | null> {
    if (owner !== null) return this.lease !== null && owner.lease === this.lease.id ? this.lead(this.lease, owner) : null
    this.lease ??= await EtcdLease.grant(this.options.client, this.options.ttlMs)
    try {
      await this.create(this.lease)
    } catch (error) {
      if (error instanceof StaleTokenError) this.lease = null
      else throw error
    }
    const created = await ownerOf(this.options.client, this.options.key)
    if (this.lease !== null && created?.lease === this.lease.id) return this.lead(this.lease, created)
    return null
  }

  async abandon(): Promise<void> {
    await this.lease?.revoke()
    this.lease = null
  }

  private async create(lease: EtcdLease): Promise<void> {
    const { client, key } = this.options
    const put = client.put(key).value(this.candidate).lease(lease.id)
    await askEtcd(`create ${key}`, () => client.if(key, 'Create', '==', 0).then(put).commit())
  }

  private async lead(lease: EtcdLease, owner: IKeyValue): Promise<Leadership | null> {
    const { client, key, clock } = this.options
    const epoch = Number(owner.create_revision)
    const check = async (): Promise<void> => {
      const now = await ownerOf(client, key)
      if (Number(now?.create_revision) !== epoch) throw new StaleTokenError(`${key} in etcd ${now ? 'has another owner' : 'was removed'}`)
    }
    try {
      return new EtcdLeadership(epoch, lease, await lease.hold(clock, check))
    } catch (error) {
      if (!(error instanceof StaleTokenError)) throw error
      await this.abandon()
      return null
    }
  }
}

class EtcdLeadership implements Leadership {
  constructor(
    readonly epoch: number,
    private readonly lease: EtcdLease,
    private readonly tenure: Tenure,
  ) {}

  standing(): Standing {
    return this.tenure.standing()
  }

  reason(): string | null {
    if (this.standing() === 'held') return null
    return this.tenure.reason ?? this.tenure.trouble ?? 'the lease was not renewed in time'
  }

  onChange(listener: (standing: Standing) => void): () => void {
    return this.tenure.onChange(listener)
  }

  async resign(): Promise<void> {
    this.tenure.end('resigned')
    await this.lease.revoke()
  }
}
