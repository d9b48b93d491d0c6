import { type Etcd3 } from 'etcd3'
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../shared/clock.js'
import { EtcdAnnouncer } from '../../shared/discovery/etcd-announcer.js'
import { connectEtcd } from '../../shared/discovery/etcd-client.js'
import { coordinatorsPrefix, etcdDiscovery } from '../../shared/discovery/etcd-register.js'
import type { Announcement } from '../../shared/discovery/discovery.js'
import { EtcdServer } from '../support/etcd.js'
import { Eventually } from '../support/eventually.js'
import { Watching, addressesOf } from './watching.js'

let etcd: EtcdServer
let prefix: string
let tests = 0
let cleanUp: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  etcd = await EtcdServer.start()
})
afterAll(() => etcd.stop())
afterEach(async () => {
  for (const task of cleanUp.reverse()) await task()
  cleanUp = []
  await etcd.ensureServing()
})

const ttlMs = 2_000

function client(): Etcd3 {
  const made = connectEtcd({ hosts: [etcd.url] })
  cleanUp.push(() => made.close())
  return made
}

function watch(): Watching {
  prefix = `test/${tests++}`
  const watching = new Watching(etcdDiscovery({ client: client(), prefix, intervalMs: 500, clock: systemClock }))
  cleanUp.push(() => watching.stop())
  return watching
}

function announce(host: string, port: number, from: Etcd3 = client()): { announcement: Announcement; reports: Eventually<string | null> } {
  const reports = new Eventually<string | null>()
  const announcer = new EtcdAnnouncer({ client: from, prefix, ttlMs, clock: systemClock })
  const announcement = announcer.announce({ host, port }, (trouble) => reports.push(trouble))
  cleanUp.push(() => announcement.withdraw())
  return { announcement, reports }
}

describe('the register in etcd', () => {
  it('shows announcements, the latest first, and takes them out when they are withdrawn', async () => {
    const watching = watch()
    await watching.trouble(/no coordinator is announced below test/)
    const first = announce('a', 1)
    await watching.names('a:1')
    announce('b', 2)
    await watching.names('b:2', 'a:1')
    await first.announcement.withdraw()
    await watching.names('b:2')
  })

  it('drops an entry when its process dies, within the time to live', async () => {
    const watching = watch()
    const dying = client()
    announce('a', 1)
    await watching.names('a:1')
    announce('b', 2, dying)
    await watching.names('b:2', 'a:1')
    // A client that is closed renews no more, as when its process is killed.
    dying.close()
    await watching.names('a:1')
  })

  it('enters again what others removed', async () => {
    const watching = watch()
    announce('a', 1)
    await watching.names('a:1')
    await client().delete().all().prefix(coordinatorsPrefix(prefix)).exec()
    await watching.trouble(/no coordinator is announced.*last known addresses stay/)
    await watching.names('a:1')
  })

  it('gets another lease when its own is revoked', async () => {
    const watching = watch()
    const { reports } = announce('a', 1)
    await watching.names('a:1')
    await reports.until((trouble) => trouble === null)
    const before = await entry()
    await client().leaseClient.leaseRevoke({ ID: before.lease })
    await reports.until((trouble) => trouble !== null)
    await reports.until((trouble) => trouble === null)
    await watching.names('a:1')
    expect((await entry()).lease).not.toBe(before.lease)
  })

  it('keeps the last addresses while etcd is dead, says so, and goes on when it is back', async () => {
    const watching = watch()
    const { reports } = announce('a', 1)
    await watching.names('a:1')
    // The watch may show the entry before its announcer has the answer; killed in between, it would never have held it.
    await reports.until((trouble) => trouble === null)
    await etcd.kill()
    expect(addressesOf(await watching.trouble(/etcd cannot list.*last known addresses stay in use/))).toEqual(['a:1'])
    await reports.until((trouble) => /may have run out/.test(trouble ?? ''))
    await etcd.restart()
    await reports.until((trouble) => trouble === null)
    await watching.names('a:1')
    announce('b', 2)
    await watching.names('b:2', 'a:1')
    expect(watching.seen.filter(({ addresses }, index) => index > 1 && addresses.length === 0)).toEqual([])
  })

  it('notices an etcd that is frozen with its connections open', async () => {
    const watching = watch()
    announce('a', 1)
    await watching.names('a:1')
    etcd.freeze()
    expect(addressesOf(await watching.trouble(/etcd cannot list/))).toEqual(['a:1'])
    etcd.thaw()
    await watching.names('a:1')
  })

  it('can be opened before etcd is there', async () => {
    await etcd.kill()
    const watching = watch()
    const { reports } = announce('a', 1)
    await watching.trouble(/etcd cannot list/)
    await reports.until((trouble) => /etcd cannot grant/.test(trouble ?? ''))
    await etcd.restart()
    await watching.names('a:1')
  })
})

async function entry() {
  const { kvs } = await client().getAll().prefix(coordinatorsPrefix(prefix)).exec()
  return kvs[0]
}
