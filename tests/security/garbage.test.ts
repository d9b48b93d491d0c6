import { Client, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js'
import { connect as connectHttp2, constants, type IncomingHttpHeaders } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseAddress } from '../../shared/address.js'
import { connectionLimits } from '../../coordinator/services/connection-limits.js'
import { defaultRateLimit } from '../../coordinator/services/rate-limit.js'
import { createRng } from '../../shared/rng.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { clientSecurity } from '../../shared/security/credentials.js'
import type { TlsMaterial } from '../../shared/security/tls-material.js'
import { closing, coordinator } from '../cluster/test-search.js'
import { ManualClock } from '../support/manual-clock.js'
import { TestProcess, killAll } from '../support/processes.js'
import { TestCluster } from './cluster.js'

let cluster: TestCluster
const sockets: Socket[] = []

beforeAll(async () => {
  cluster = await TestCluster.create()
})
afterEach(async () => {
  await killAll()
  for (const socket of sockets.splice(0)) socket.destroy()
})

interface Target {
  readonly grpc: string
  readonly http: string
  /** Proof that both ports do what they are for. */
  readonly serves: () => Promise<void>
}

/** A coordinator and somebody who uses both of its ports. */
async function target(tls: boolean): Promise<Target> {
  const material = async (role: 'coordinator' | 'viewer'): Promise<TlsMaterial | null> => (tls ? cluster.material(role, role) : null)
  const running = await coordinator({ metrics: '127.0.0.1:0', tls: await material('coordinator') })
  const security = clientSecurity(await material('viewer'))
  const serves = async (): Promise<void> => {
    const fresh = new ControlClient({ target: running.address, security, channelOptions: { 'grpc.use_local_subchannel_pool': 1 } })
    expect((await fresh.getSearch()).status).toBe('running')
    fresh.close()
    expect((await fetch(`http://${running.metricsAddress}/healthz`)).status).toBe(200)
  }
  return { grpc: running.address, http: running.metricsAddress as string, serves }
}

function open(address: string): Promise<Socket> {
  const { host, port } = parseAddress(address, 'address')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket))
    // Once it is open it may be reset at any time.
    socket.on('error', reject)
    sockets.push(socket)
  })
}

/** Resolves with what came back when the other side has closed the connection. */
async function answerTo(address: string, bytes: Buffer): Promise<string> {
  const socket = await open(address)
  let answer = ''
  socket.on('data', (data: Buffer) => (answer += data.toString('latin1')))
  socket.write(bytes)
  // For a server that waits for the rest of what it takes for a request.
  socket.end()
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return answer
}

function randomBytes(seed: number, count: number): Buffer {
  const rng = createRng(seed)
  return Buffer.from(Array.from({ length: count }, () => rng.integer(256)))
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const tlsHello = Buffer.from([0x16, 0x03, 0x01])
const httpRequest = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')

describe.each([['without TLS', false], ['with TLS', true]] as const)('a coordinator %s goes on serving', (_name, tls) => {
  test('whatever bytes arrive at its ports', { timeout: 120_000 }, async () => {
    const { grpc, http, serves } = await target(tls)
    for (let seed = 1; seed <= 20; seed++) {
      const noise = randomBytes(seed, 2_000)
      const starts = [Buffer.alloc(0), preface, tlsHello, httpRequest.subarray(0, 14)]
      await Promise.all([grpc, http].flatMap((port) => starts.map((start) => answerTo(port, Buffer.concat([start, noise])))))
    }
    await serves()
  })

  test('HTTP/1 on its gRPC port is told where it is, and HTTP/2 on its HTTP port is closed', async () => {
    const { grpc, http, serves } = await target(tls)
    expect(await answerTo(grpc, httpRequest)).toMatch(/^HTTP\/1\.1 400 .*this port speaks gRPC/s)
    expect(await answerTo(http, preface)).toMatch(/^HTTP\/1\.1 400/)
    await serves()
  })

  test('handshakes that are begun and never go on', async () => {
    const { grpc, serves } = await target(tls)
    const begun = await Promise.all(Array.from({ length: 300 }, () => open(grpc)))
    for (const [i, socket] of begun.entries()) socket.write([preface, tlsHello][i % 2])
    await serves()
  })
})

/** Opens connections and says nothing; prints how many are open, then each thousand that were closed again. */
const idler = `
  const { connect } = require('node:net')
  let opened = 0, closed = 0
  const one = (port) => new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => { opened++; resolve(true) })
    socket.on('error', () => resolve(false))
    socket.on('close', () => { if (++closed % 1000 === 0) console.log(JSON.stringify({ closed })) })
  })
  const [count, ...ports] = process.argv.slice(1).map(Number)
  const run = async () => {
    for (let i = 0; i < count; i += 200) await Promise.all(Array.from({ length: 200 }, (_, k) => one(ports[k % 4 === 0 ? 1 : 0])))
    console.log(JSON.stringify({ opened }))
  }
  run()
`

test('ten thousand connections that say nothing keep nobody out, and are closed', { timeout: 180_000 }, async () => {
  const { grpc, http, serves } = await target(false)
  const before = process.memoryUsage().rss
  const ports = [grpc, http].map((address) => String(parseAddress(address, 'address').port))
  const attacker = new TestProcess(['-e', idler, '10000', ...ports])
  const { opened } = JSON.parse(await attacker.stdout.until((line) => line.includes('opened'))) as { opened: number }
  await serves()
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  // Only so many may be silent at a time.
  const stay = connectionLimits().silent.most + 64
  const thousands = Math.floor((opened - stay) / 1_000) * 1_000
  if (thousands > 0) await attacker.stdout.until((line) => ((JSON.parse(line) as { closed?: number }).closed ?? 0) >= thousands)
  await attacker.kill()
  await serves()
})

describe('a message of a gigabyte', () => {
  const gigabyte = 1024 ** 3

  test('is refused by its length, before it is read', async () => {
    const { grpc, serves } = await target(false)
    const before = process.memoryUsage().rss
    const session = connectHttp2(`http://${grpc}`)
    closing({ close: () => session.destroy() })
    const stream = session.request({ ':method': 'POST', ':path': '/nasoa.v1.ControlService/GetSearch', 'content-type': 'application/grpc', te: 'trailers' })
    stream.on('error', () => undefined)
    const answered = new Promise<string>((resolve) => {
      const read = (headers: IncomingHttpHeaders): void => {
        if (typeof headers['grpc-status'] === 'string') resolve(headers['grpc-status'])
      }
      stream.on('response', read)
      stream.on('trailers', read)
    })
    const header = Buffer.alloc(5)
    header.writeUInt32BE(gigabyte, 1)
    stream.write(header)
    let sent = 0
    const pump = (): void => {
      while (!stream.destroyed && sent < gigabyte && stream.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024
    }
    stream.on('drain', pump)
    pump()
    expect(await answered).toBe(String(status.RESOURCE_EXHAUSTED))
    stream.close(constants.NGHTTP2_CANCEL)
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
    await serves()
  })

  test('of zeros that were compressed to a megabyte is refused as well', async () => {
    const { grpc, serves } = await target(false)
    const client = new Client(grpc, credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2, 'grpc.max_send_message_length': -1 })
    closing(client)
    const asItIs = (bytes: Buffer): Buffer => bytes
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest('/nasoa.v1.ControlService/GetSearch', asItIs, asItIs, Buffer.alloc(64 * 1024 * 1024), new Metadata(), (refusal) => resolve(refusal))
    })
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED)
    await serves()
  })
})

test('a peer that calls without end is slowed down, nobody else is, and it may go on later', { timeout: 60_000 }, async () => {
  const clock = new ManualClock()
  const { address } = await coordinator({ clock })
  const [flood, other] = [1, 2].map(() => closing(new ControlClient({ target: address, channelOptions: { 'grpc.use_local_subchannel_pool': 1 } })))
  let refused = 0
  for (let calls = 0; calls <= defaultRateLimit.burst; calls += 200) {
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => flood.listWorkers()))
    refused += answers.filter((answer) => answer.status === 'rejected' && /too many calls from this peer: slow down/.test(String(answer.reason))).length
  }
  expect(refused).toBe(200)
  await other.listWorkers()
  clock.advance(1_000)
  await flood.listWorkers()
})
