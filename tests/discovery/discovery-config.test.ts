import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../shared/clock.js'
import { discoveryConfigSchema, parseDiscoveryConfig, readDiscoveryConfig } from '../../shared/discovery/discovery-config.js'
import { openCoordinatorSide, openDiscovery } from '../../shared/discovery/open-discovery.js'
import { TestCluster, writeMaterial } from '../security/cluster.js'
import { EtcdServer } from '../support/etcd.js'
import { Watching } from './watching.js'

const examples = resolve(import.meta.dirname, '../../deploy/examples')
const parse = (text: string) => parseDiscoveryConfig(text, 'discovery.yaml')

describe('discovery configs', () => {
  const files = readdirSync(examples).filter((name) => name.startsWith('discovery-'))

  it.each(files)('the example %s is valid', (name) => {
    expect(`discovery-${readDiscoveryConfig(join(examples, name)).kind}.yaml`).toBe(name)
  })

  it('there is an example of each kind', () => {
    expect(files).toHaveLength(4)
  })

  it('fills in defaults', () => {
    expect(parse('{kind: etcd, hosts: ["http://a:2379"]}')).toEqual({ kind: 'etcd', hosts: ['http://a:2379'], prefix: 'nasoa/default', ttl: 5_000, interval: 15_000 })
    expect(parse('{kind: dns, name: a.b}')).toEqual({ kind: 'dns', name: 'a.b', record: 'srv', interval: 30_000, servers: [] })
    expect(parse('{kind: static, addresses: ["[::1]:7", "a:8"]}')).toEqual({ kind: 'static', addresses: [{ host: '::1', port: 7 }, { host: 'a', port: 8 }] })
  })

  it.each([
    ['addresses: [a:1]', /discovery\.yaml:1:1: kind/],
    ['kind: consul', /discovery\.yaml:1:1: kind.*"static".*"etcd"/],
    ['kind: static\naddress: [a:1]\naddresses: [a:1]', /discovery\.yaml:2:1: unknown key 'address'; did you mean 'addresses'/],
    ['kind: etcd\nhosts: ["http://a:1"]\nport: 7', /unknown key 'port'/],
    ['kind: static\naddresses: []', /names no address/],
    ['kind: static\naddresses: [a]', /addresses\.0: .*host:port/],
    ['kind: file\npath: a\ninterval: soon', /interval: not a duration/],
    ['kind: file\npath: a\ninterval: 1ms', /at least 100ms/],
    ['kind: dns\nname: a\nrecord: address', /port: needed with record: address/],
    ['kind: dns\nname: a\nport: 1', /port: SRV records carry their own/],
    ['kind: etcd\nhosts: ["a:2379"]', /http:\/\/host:port/],
    ['kind: etcd\nhosts: ["http://a:1", "https://b:1"]', /all http or all https/],
    ['kind: etcd\nhosts: ["http://a:1"]\nprefix: ../x y', /prefix/],
    ['kind: etcd\nhosts: ["http://a:1"]\nttl: 1s', /at least 2s/],
    ['kind: etcd\nhosts: ["http://a:1"]\nusername: me', /username and passwordFile go together/],
    ['kind: etcd\nhosts: ["https://a:1"]\ntls: {ca: a, key: b}', /certificate and key go together/],
    ['kind: etcd\nhosts: ["http://a:1"]\ntls: {ca: a}', /only for https/],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it('finds files from its own folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nasoa-config-'))
    const path = join(folder, 'discovery.yaml')
    writeFileSync(path, 'kind: file\npath: sub/list.json\n')
    expect(readDiscoveryConfig(path)).toMatchObject({ path: join(folder, 'sub/list.json') })
  })

  it('has a schema for editors', () => {
    expect(JSON.stringify(z.toJSONSchema(discoveryConfigSchema, { io: 'input' }))).toContain('passwordFile')
  })
})

describe('opening a discovery', () => {
  it('a list: watched by workers, nothing to announce in', async () => {
    const config = parse('{kind: static, addresses: ["a:1", "b:2"]}')
    const watching = new Watching(await openDiscovery(config, systemClock))
    await watching.names('a:1', 'b:2')
    await watching.stop()
    expect(watching.seen).toHaveLength(1)
    expect(await openCoordinatorSide(config, systemClock)).toMatchObject({ announcer: null, election: null })
  })

  it('a file that the coordinator keeps', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nasoa-config-'))
    const path = join(folder, 'discovery.yaml')
    writeFileSync(path, 'kind: file\npath: list.json\nannounce: true\n')
    const config = readDiscoveryConfig(path)
    const watching = new Watching(await openDiscovery(config, systemClock))
    const { announcer, election } = await openCoordinatorSide(config, systemClock)
    expect(election).toBeNull()
    const announcement = announcer?.announce({ host: 'me', port: 7 }, () => undefined)
    await watching.names('me:7')
    await announcement?.withdraw()
    await watching.stop()
  })

  it('a register in an etcd that asks for certificates', async () => {
    const cluster = await TestCluster.create()
    const etcd = await EtcdServer.start(writeMaterial(await cluster.material('coordinator', 'etcd')))
    const folder = mkdtempSync(join(tmpdir(), 'nasoa-config-'))
    const { ca, certificate, key } = writeMaterial(await cluster.material('worker', 'w'))
    const open = (tls: object) => {
      const path = join(folder, 'discovery.yaml')
      writeFileSync(path, JSON.stringify({ kind: 'etcd', hosts: [etcd.url], interval: '1s', ttl: '2s', tls }))
      return readDiscoveryConfig(path)
    }
    const config = open({ ca, certificate, key })
    const side = await openCoordinatorSide(config, systemClock)
    const announcement = side.announcer?.announce({ host: 'me', port: 7 }, () => undefined)
    const [accepted, refused] = await Promise.all([openDiscovery(config, systemClock), openDiscovery(open({ ca }), systemClock)])
    const [watching, outside] = [new Watching(accepted), new Watching(refused)]
    await watching.names('me:7')
    expect((await outside.trouble(/etcd cannot list/)).addresses).toEqual([])
    await Promise.all([watching.stop(), outside.stop()])
    await announcement?.withdraw()
    for (const opened of [accepted, refused, side]) opened.close()
    await etcd.stop()
  })

  it('names the password file that it cannot read', async () => {
    const config = parse('{kind: etcd, hosts: ["http://a:1"], username: me, passwordFile: /nowhere/password}')
    await expect(openDiscovery(config, systemClock)).rejects.toThrow(/cannot read \/nowhere\/password, which the discovery config names/)
  })
})
