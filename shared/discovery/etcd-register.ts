import type { Etcd3 } from 'etcd3'
import { formatAddress, parseAddress, type Address } from '../address.js'
import type { Clock } from '../clock.js'
import type { Discovery } from './discovery.js'
import { DiscoveryUnavailableError } from './errors.js'
import { askEtcd } from './etcd-client.js'
import { subscribeToPrefix } from './etcd-changes.js'
import { PolledDiscovery, type AddressSource } from './polled-discovery.js'

/** Coordinators that announced themselves: `<prefix>/coordinators/<host:port>`, the value the address again. */
export function coordinatorsPrefix(prefix: string): string {
  return `${prefix}/coordinators/`
}

export interface EtcdDiscoveryOptions {
  readonly client: Etcd3
  readonly prefix: string
  /** Changes arrive by a watch; reading at intervals notices a server that is frozen. */
  readonly intervalMs: number
  readonly clock: Clock
}

/** Watches the register in etcd. Closes the client when it is closed. */
export function etcdDiscovery({ client, prefix, intervalMs, clock }: EtcdDiscoveryOptions): Discovery {
  const folder = coordinatorsPrefix(prefix)
  const source: AddressSource = {
    name: `etcd's ${folder}`,
    intervalMs,
    read: () => readRegister(client, folder),
    subscribe: (changed) => subscribeToPrefix(client, folder, clock, changed),
  }
  return new PolledDiscovery(source, clock, () => client.close())
}

/** The latest announcement first: the entry of a coordinator that died stays until its lease has run out. */
async function readRegister(client: Etcd3, folder: string): Promise<Address[]> {
  const { kvs } = await askEtcd(`list ${folder}`, () => client.getAll().prefix(folder).sort('Mod', 'Descend').exec())
  if (kvs.length === 0) throw new DiscoveryUnavailableError(`no coordinator is announced below ${folder} in etcd`)
  return kvs.map(({ key, value }) => parseAddress(value.toString(), `the value of ${key.toString()} in etcd`))
}

/** Key of one address. */
export function coordinatorKey(prefix: string, address: Address): string {
  return coordinatorsPrefix(prefix) + formatAddress(address)
}
