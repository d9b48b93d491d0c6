import type { SrvRecord } from 'node:dns'
import { Resolver, lookup } from 'node:dns/promises'
import type { Address } from '../address.js'
import type { Clock } from '../clock.js'
import { InvalidInputError, messageOf } from '../errors.js'
import type { Discovery } from './discovery.js'
import { DiscoveryUnavailableError } from './errors.js'
import { PolledDiscovery, type AddressSource } from './polled-discovery.js'

/** The questions that are asked of DNS. Both fail with an Error that says why. */
export interface DnsQueries {
  srv(name: string): Promise<readonly Pick<SrvRecord, 'name' | 'port' | 'priority' | 'weight'>[]>
  /** All IPv4 and IPv6 addresses of a host. */
  addresses(host: string): Promise<readonly string[]>
}

export interface DnsDiscoveryOptions {
  /** `srv`: service records, which carry the port; `address`: A and AAAA records, with the port given here. */
  readonly record: { readonly kind: 'srv' } | { readonly kind: 'address'; readonly port: number }
  /** `_nasoa._tcp.example.org`, or a host's name. */
  readonly name: string
  readonly intervalMs: number
  readonly queries: DnsQueries
  readonly clock: Clock
}

/** Asks DNS at intervals, since it tells of no changes. */
export function dnsDiscovery(options: DnsDiscoveryOptions): Discovery {
  const { record, name, queries, intervalMs, clock } = options
  const source: AddressSource = {
    name: `the DNS name ${name}`,
    intervalMs,
    read: () => (record.kind === 'srv' ? readServices(name, queries) : readHosts(name, record.port, queries)),
    subscribe: () => () => undefined,
  }
  return new PolledDiscovery(source, clock)
}

/** In the order of RFC 2782: low priority first; of equal ones the heavier first, without its draw, so that the order is stable. */
async function readServices(name: string, queries: DnsQueries): Promise<Address[]> {
  const records = await ask(name, () => queries.srv(name))
  const order = [...records].sort(
    (a, b) => a.priority - b.priority || b.weight - a.weight || compare(a.name, b.name) || a.port - b.port,
  )
  // A single dot says that the service is decidedly not there (RFC 2782).
  const found = order.filter(({ name: host }) => host !== '' && host !== '.').map(({ name: host, port }) => ({ host, port }))
  return requireSome(found, name)
}

/** Sorted, because servers rotate the records with each answer. */
async function readHosts(name: string, port: number, queries: DnsQueries): Promise<Address[]> {
  const hosts = await ask(name, () => queries.addresses(name))
  return requireSome([...new Set(hosts)].sort(compare).map((host) => ({ host, port })), name)
}

async function ask<T>(name: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    throw new DiscoveryUnavailableError(`DNS gives no answer for ${name} (${messageOf(error)})`)
  }
}

function requireSome(found: Address[], name: string): Address[] {
  if (found.length > 0) return found
  throw new DiscoveryUnavailableError(`DNS names no coordinator under ${name}`)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Time that one question may take, and how often it is repeated. */
const patience = { timeout: 2_000, tries: 2 }

/**
 * The system's resolver, with its hosts file and search domains, or the DNS servers named (`host:port`, such as Consul's
 * 127.0.0.1:8600), which are asked for the name as it is.
 */
export function systemDns(servers: readonly string[] = []): DnsQueries {
  const resolver = resolverAt(servers)
  return {
    srv: (name) => resolver.resolveSrv(name),
    addresses: async (host) =>
      servers.length > 0 ? bothFamilies(resolver, host) : (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  }
}

function resolverAt(servers: readonly string[]): Resolver {
  const resolver = new Resolver(patience)
  try {
    if (servers.length > 0) resolver.setServers(servers)
  } catch (error) {
    const given = servers.join(', ')
    throw new InvalidInputError(`DNS servers are named by IP address, with a port where it is not 53, got ${given} (${messageOf(error)})`)
  }
  return resolver
}

async function bothFamilies(resolver: Resolver, host: string): Promise<string[]> {
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const failure = answers.find((answer) => answer.status === 'rejected')
  if (found.length === 0 && failure) throw failure.reason
  return found
}
