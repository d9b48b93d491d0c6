import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { durationSchema } from '../config/duration.js'
import { parseYaml, readConfigText } from '../config/yaml-file.js'
import { addressListSchema } from './address-list.js'

const interval = (value: string) => durationSchema.pipe(z.number().min(100, 'at least 100ms').max(3_600_000, 'at most 1h')).prefault(value)

const staticSchema = z.strictObject({
  kind: z.literal('static'),
  addresses: addressListSchema,
})

const fileSchema = z.strictObject({
  kind: z.literal('file'),
  /** Relative to the config's folder. */
  path: z.string().min(1),
  interval: interval('5s'),
  /** Whether a coordinator writes its address there; false = others (people, a deployment) keep the file. */
  announce: z.boolean().default(false),
})

const dnsSchema = z
  .strictObject({
    kind: z.literal('dns'),
    name: z.string().min(1).max(255),
    record: z.enum(['srv', 'address']).default('srv'),
    port: z.number().int().min(1).max(65_535).optional(),
    interval: interval('30s'),
    /** DNS servers `host` or `host:port`, by IP address; none = the system's. */
    servers: z.array(z.string().min(1)).max(10).default([]),
  })
  .refine(({ record, port }) => record === 'srv' || port !== undefined, { path: ['port'], message: 'needed with record: address' })
  .refine(({ record, port }) => record === 'address' || port === undefined, { path: ['port'], message: 'SRV records carry their own' })

const etcdTlsSchema = z
  .strictObject({ ca: z.string().min(1), certificate: z.string().min(1).optional(), key: z.string().min(1).optional() })
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), { message: 'certificate and key go together' })

const etcdHost = z.string().regex(/^https?:\/\/[^/\s]+:\d{1,5}$/, 'write http://host:port or https://host:port')

const prefixPattern = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/

const etcdSchema = z
  .strictObject({
    kind: z.literal('etcd'),
    hosts: z.array(etcdHost).min(1).max(20),
    /** Keys of one cluster lie below it. */
    prefix: z.string().regex(prefixPattern, 'letters, digits, dots, dashes and underscores, parted by /').default('nasoa/default'),
    /** How long a coordinator that died keeps its name and its entry. */
    ttl: durationSchema.pipe(z.number().min(2_000, 'at least 2s').max(60_000, 'at most 1m')).prefault('5s'),
    interval: interval('15s'),
    username: z.string().min(1).optional(),
    passwordFile: z.string().min(1).optional(),
    tls: etcdTlsSchema.optional(),
  })
  .refine(({ username, passwordFile }) => (username === undefined) === (passwordFile === undefined), {
    path: ['username'],
    message: 'username and passwordFile go together',
  })
  .refine(({ hosts }) => new Set(hosts.map((host) => host.split(':')[0])).size === 1, { path: ['hosts'], message: 'all http or all https' })
  .refine(({ hosts, tls }) => tls === undefined || hosts[0]?.startsWith('https:'), { path: ['tls'], message: 'only for https hosts' })

const schemas = { static: staticSchema, file: fileSchema, dns: dnsSchema, etcd: etcdSchema } as const

export type StaticDiscoveryConfig = z.output<typeof staticSchema>
export type FileDiscoveryConfig = z.output<typeof fileSchema>
export type DnsDiscoveryConfig = z.output<typeof dnsSchema>
export type EtcdDiscoveryConfig = z.output<typeof etcdSchema>
export type DiscoveryConfig = StaticDiscoveryConfig | FileDiscoveryConfig | DnsDiscoveryConfig | EtcdDiscoveryConfig

/** All kinds in one, for editors. */
export const discoveryConfigSchema = z.discriminatedUnion('kind', [staticSchema, fileSchema, dnsSchema, etcdSchema])

/** The kind first, then its own schema: so an unknown key is told from the keys of that kind. */
const kindSchema = z.looseObject({ kind: z.enum(['static', 'file', 'dns', 'etcd']) })

/** @param name stands for the file in messages. @throws ConfigError */
export function parseDiscoveryConfig(text: string, name: string): DiscoveryConfig {
  const { kind } = parseYaml(text, name, kindSchema)
  return parseYaml(text, name, schemas[kind] as z.ZodType<DiscoveryConfig>)
}

/** Reads a discovery config; files that it names are found from its folder. @throws ConfigError */
export function readDiscoveryConfig(path: string): DiscoveryConfig {
  return withFilesFrom(dirname(resolve(path)), parseDiscoveryConfig(readConfigText(path), path))
}

function withFilesFrom(folder: string, config: DiscoveryConfig): DiscoveryConfig {
  const from = <Path extends string | undefined>(path: Path) => (path === undefined ? undefined : resolve(folder, path)) as Path
  if (config.kind === 'file') return { ...config, path: from(config.path) }
  if (config.kind !== 'etcd') return config
  const { tls, passwordFile } = config
  return {
    ...config,
    passwordFile: from(passwordFile),
    tls: tls && { ca: from(tls.ca), certificate: from(tls.certificate), key: from(tls.key) },
  }
}
