import type { Answer } from 'dns-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../shared/clock.js'
import { dnsDiscovery, systemDns, type DnsQueries } from '../../shared/discovery/dns-discovery.js'
import { ManualClock } from '../support/manual-clock.js'
import { startDnsServer, type Zone } from './dns-server.js'
import { Watching, addressesOf } from './watching.js'

const service = '_nasoa._tcp.cluster.test'
const srv = (target: string, port: number, priority = 0, weight = 0): Answer => ({ type: 'SRV', name: service, ttl: 0, data: { target, port, priority, weight } })

let cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const task of cleanUp) await task()
  cleanUp = []
})

function watch(options: Parameters<typeof dnsDiscovery>[0]): Watching {
  const watching = new Watching(dnsDiscovery(options))
  cleanUp.push(() => watching.stop())
  return watching
}

async function serve(zone: Zone) {
  const server = await startDnsServer(zone)
  cleanUp.push(() => server.stop())
  return server
}

describe('with a DNS server', () => {
  it('reads service records by priority, then weight, and follows their change', async () => {
    const server = await serve({ [service]: [srv('c.test', 3, 20), srv('b.test', 2, 10, 1), srv('a.test', 1, 10, 9)] })
    const watching = watch({ record: { kind: 'srv' }, name: service, intervalMs: 50, queries: systemDns([server.address]), clock: systemClock })
    await watching.names('a.test:1', 'b.test:2', 'c.test:3')
    server.zone = { [service]: [srv('d.test', 4)] }
    await watching.names('d.test:4')
  })

  it('reads A and AAAA records with the port given', async () => {
    const host = 'coordinator.test'
    const server = await serve({
      [host]: [
        { type: 'A', name: host, ttl: 0, data: '10.0.0.2' },
        { type: 'A', name: host, ttl: 0, data: '10.0.0.1' },
        { type: 'AAAA', name: host, ttl: 0, data: '2001:db8::1' },
      ],
    })
    const watching = watch({ record: { kind: 'address', port: 7070 }, name: host, intervalMs: 50, queries: systemDns([server.address]), clock: systemClock })
    await watching.names('10.0.0.1:7070', '10.0.0.2:7070', '[2001:db8::1]:7070')
  })

  it('keeps the last addresses when the name is gone, and says so', async () => {
    const server = await serve({ [service]: [srv('a.test', 1)] })
    const watching = watch({ record: { kind: 'srv' }, name: service, intervalMs: 50, queries: systemDns([server.address]), clock: systemClock })
    await watching.names('a.test:1')
    server.zone = {}
    expect(addressesOf(await watching.trouble(/no answer for _nasoa.*last known/))).toEqual(['a.test:1'])
    server.zone = { [service]: [srv('.', 0)] }
    expect(addressesOf(await watching.trouble(/names no coordinator/))).toEqual(['a.test:1'])
    server.zone = { [service]: [srv('b.test', 2)] }
    await watching.names('b.test:2')
  })

  it('asks the system by default', async () => {
    const watching = watch({ record: { kind: 'address', port: 1 }, name: 'localhost', intervalMs: 50, queries: systemDns(), clock: systemClock })
    const { addresses } = await watching.until(({ trouble }) => trouble === null)
    expect(addresses.map(({ host }) => host).filter((host) => host === '127.0.0.1' || host === '::1')).not.toEqual([])
  })

  it('refuses servers that are no addresses', () => {
    expect(() => systemDns(['dns.example.org'])).toThrow(/by IP address.*dns\.example\.org/)
  })
})

describe('intervals', () => {
  it('asks once an interval, by the clock it is given', async () => {
    const clock = new ManualClock()
    let asked = 0
    let noteQuestion = (): void => undefined
    const question = (): Promise<void> => new Promise((resolve) => (noteQuestion = resolve))
    const queries: DnsQueries = {
      srv: () => Promise.reject(new Error('not asked')),
      addresses: () => {
        asked++
        noteQuestion()
        return Promise.resolve([`10.0.0.${asked}`])
      },
    }
    const watching = watch({ record: { kind: 'address', port: 1 }, name: 'host', intervalMs: 30_000, queries, clock })
    await watching.names('10.0.0.1:1')
    await settled()
    clock.advance(29_999)
    await settled()
    expect(asked).toBe(1)
    const again = question()
    clock.advance(1)
    await again
    await watching.names('10.0.0.2:1')
  })
})

/** Lets everything run that waits for nothing but its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
