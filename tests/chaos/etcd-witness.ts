import type { Etcd3 } from 'etcd3'
import { systemClock } from '../../shared/clock.js'
import { connectEtcd } from '../../shared/discovery/etcd-client.js'
import { EtcdElection } from '../../shared/discovery/etcd-election.js'
import { coordinatorsPrefix } from '../../shared/discovery/etcd-register.js'
import { messageOf } from '../../shared/errors.js'

/** Looks at what etcd says of the coordinators, from outside. */
export class EtcdWitness {
  static readonly prefix = 'chaos'
  private readonly client: Etcd3
  private readonly election: EtcdElection

  constructor(url: string) {
    this.client = connectEtcd({ hosts: [url] })
    this.election = new EtcdElection({ client: this.client, key: `${EtcdWitness.prefix}/leader`, ttlMs: 2_000, clock: systemClock })
  }

  /** Whether this leader leads by etcd too, and is the only one that workers find. */
  async agrees(epoch: number, address: string): Promise<boolean> {
    try {
      const [leader, registered] = await Promise.all([this.election.leader(), this.registered()])
      return leader?.epoch === epoch && registered.length === 1 && registered[0] === address
    } catch {
      return false
    }
  }

  /** For a message. */
  async account(): Promise<string> {
    try {
      const [leader, registered] = await Promise.all([this.election.leader(), this.registered()])
      return `${leader === null ? 'nobody leads' : `${leader.candidate} leads with epoch ${leader.epoch}`}, registered: ${registered.join(', ') || 'nobody'}`
    } catch (error) {
      return messageOf(error)
    }
  }

  close(): void {
    this.client.close()
  }

  private async registered(): Promise<string[]> {
    return Object.values(await this.client.getAll().prefix(coordinatorsPrefix(EtcdWitness.prefix)).strings())
  }
}
