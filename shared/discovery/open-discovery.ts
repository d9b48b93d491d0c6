import { readFileSync } from 'node:fs'
import type { Etcd3 } from 'etcd3'
import type { Clock } from '../clock.js'
import { ConfigError } from '../config/yaml-file.js'
import { messageOf } from '../errors.js'
import type { DiscoveryConfig, EtcdDiscoveryConfig } from './discovery-config.js'
import type { Announcer, Discovery } from './discovery.js'
import type { Election } from './election.js'

/** What a coordinator does with its discovery. */
export interface CoordinatorSide {
  /** null where the register is kept by others: a list, a file without `announce`, DNS. */
  readonly announcer: Announcer | null
  /** null where nobody counts the votes: only etcd does. */
  readonly election: Election | null
  close(): void
}

/** How a worker or a control client finds the coordinator. What a kind needs is loaded only where it is used. */
export async function openDiscovery(config: DiscoveryConfig, clock: Clock): Promise<Discovery> {
  switch (config.kind) {
    case 'static': {
      const { StaticDiscovery } = await import('./static-discovery.js')
      return new StaticDiscovery(config.addresses)
    }
    case 'file': {
      const { fileDiscovery } = await import('./file-discovery.js')
      return fileDiscovery({ path: config.path, intervalMs: config.interval, clock })
    }
    case 'dns': {
      const { dnsDiscovery, systemDns } = await import('./dns-discovery.js')
      const record = config.port === undefined ? ({ kind: 'srv' } as const) : ({ kind: 'address', port: config.port } as const)
      return dnsDiscovery({ record, name: config.name, intervalMs: config.interval, queries: systemDns(config.servers), clock })
    }
    case 'etcd': {
      const { etcdDiscovery } = await import('./etcd-register.js')
      return etcdDiscovery({ client: await connect(config), prefix: config.prefix, intervalMs: config.interval, clock })
    }
  }
}

/** What the same config offers to a coordinator. */
export async function openCoordinatorSide(config: DiscoveryConfig, clock: Clock): Promise<CoordinatorSide> {
  if (config.kind === 'etcd') return openEtcdSide(config, clock)
  const close = (): void => undefined
  if (config.kind !== 'file' || !config.announce) return { announcer: null, election: null, close }
  const { FileAnnouncer } = await import('./file-announcer.js')
  return { announcer: new FileAnnouncer(config.path, config.interval, clock), election: null, close }
}

async function openEtcdSide(config: EtcdDiscoveryConfig, clock: Clock): Promise<CoordinatorSide> {
  const { EtcdAnnouncer } = await import('./etcd-announcer.js')
  const { EtcdElection } = await import('./etcd-election.js')
  const client = await connect(config)
  const { prefix, ttl: ttlMs } = config
  return {
    announcer: new EtcdAnnouncer({ client, prefix, ttlMs, clock }),
    election: new EtcdElection({ client, key: `${prefix}/leader`, ttlMs, clock }),
    close: () => client.close(),
  }
}

async function connect({ hosts, username, passwordFile, tls }: EtcdDiscoveryConfig): Promise<Etcd3> {
  const { connectEtcd } = await import('./etcd-client.js')
  const password = optional(passwordFile)?.toString().trimEnd()
  return connectEtcd({
    hosts,
    auth: username === undefined || password === undefined ? undefined : { username, password },
    tls: tls && { ca: read(tls.ca), certificate: optional(tls.certificate), key: optional(tls.key) },
  })
}

function optional(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : read(path)
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ConfigError(`cannot read ${path}, which the discovery config names: ${messageOf(error)}`, { file: path })
  }
}
