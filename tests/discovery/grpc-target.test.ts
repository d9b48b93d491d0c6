import { Client, Server, ServerCredentials, credentials, type MethodDefinition, type sendUnaryData } from '@grpc/grpc-js'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../shared/address.js'
import { CoordinatorLocator } from '../../shared/discovery/coordinator-locator.js'
import type { Discovery, Sighting } from '../../shared/discovery/discovery.js'
import { grpcTarget } from '../../shared/discovery/grpc-target.js'
import { clientChannelOptions } from '../../shared/rpc/channel-options.js'
import { Eventually } from '../support/eventually.js'

let cleanUp: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const task of cleanUp.reverse()) await task()
  cleanUp = []
})

/** A discovery whose sightings the test sets. */
class Told implements Discovery {
  readonly name = 'a test'
  readonly sightings = new Eventually<Sighting>()

  tell(addresses: readonly Address[], trouble: string | null = null): void {
    this.sightings.push({ addresses, trouble })
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Sighting, void, void> {
    const over = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
    for (;;) {
      const next = await Promise.race([this.sightings.until(() => true), over])
      if (next === null) return
      yield next
    }
  }

  close(): void {}
}

const encode = (text: string): Buffer => Buffer.from(text)
const decode = (bytes: Buffer): string => bytes.toString()

/** A call that answers with the name of the server. */
const whoIsThere: MethodDefinition<string, string> = {
  path: '/test.Who/IsThere',
  requestStream: false,
  responseStream: false,
  requestSerialize: encode,
  requestDeserialize: decode,
  responseSerialize: encode,
  responseDeserialize: decode,
}

async function serve(name: string, port = 0): Promise<Address & { stop(): void }> {
  const server = new Server()
  server.addService({ whoIsThere }, { whoIsThere: (_call: unknown, answer: sendUnaryData<string>) => answer(null, name) })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, result) => (error ? reject(error) : resolve(result)))
  })
  cleanUp.push(() => server.forceShutdown())
  return { host: '127.0.0.1', port: bound, stop: () => server.forceShutdown() }
}

function connect(discovery: Discovery): { locator: CoordinatorLocator; ask: () => Promise<string> } {
  const locator = new CoordinatorLocator(discovery)
  const { target, release } = grpcTarget(locator)
  const client = new Client(target, credentials.createInsecure(), clientChannelOptions)
  cleanUp.push(async () => {
    client.close()
    release()
    await locator.close()
  })
  /** The server's name, or why there is none. */
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      const { path } = whoIsThere
      client.makeUnaryRequest(path, encode, decode, 'who', { deadline: Date.now() + 5_000 }, (error, name) => resolve(error ? error.message : (name ?? '')))
    })
  return { locator, ask }
}

/** Asks until the answer comes, as the clients' retries do. */
async function eventually(ask: () => Promise<string>, wanted: RegExp): Promise<void> {
  while (!wanted.test(await ask())) await setTimeout(20)
}

describe('a gRPC client that follows a discovery', () => {
  it('fails at once, with the reason, as long as nothing is known, and connects when something is', async () => {
    const told = new Told()
    const { ask } = connect(told)
    told.tell([], 'nobody is there')
    expect(await ask()).toMatch(/UNAVAILABLE.*nobody is there/)
    told.tell([await serve('a')])
    await eventually(ask, /^a$/)
  })

  it('moves to another address when the coordinator moves', async () => {
    const told = new Told()
    const { ask } = connect(told)
    const first = await serve('first')
    told.tell([first])
    await eventually(ask, /^first$/)
    const second = await serve('second')
    told.tell([second])
    await eventually(ask, /^second$/)
    first.stop()
    expect(await ask()).toBe('second')
  })

  it('keeps its connection while its address is still among those known, and in trouble', async () => {
    const told = new Told()
    const { ask, locator } = connect(told)
    const first = await serve('first')
    told.tell([first])
    await eventually(ask, /^first$/)
    const known = new Eventually<Sighting>()
    locator.onChange((sighting) => known.push(sighting))
    told.tell([first], 'etcd is away')
    await known.until(({ trouble }) => trouble !== null)
    expect(await ask()).toBe('first')
  })

  it('tries the next address where the first does not answer', async () => {
    const told = new Told()
    const { ask } = connect(told)
    const dead = await serve('dead')
    dead.stop()
    const alive = await serve('alive')
    told.tell([dead, { ...alive, host: 'localhost' }])
    await eventually(ask, /^alive$/)
  })

  it('finds a coordinator again that restarts at the same address', async () => {
    const told = new Told()
    const { ask } = connect(told)
    const first = await serve('first')
    told.tell([first])
    await eventually(ask, /^first$/)
    first.stop()
    await eventually(ask, /UNAVAILABLE/)
    await serve('again', first.port)
    await eventually(ask, /^again$/)
  })
})

describe('a locator', () => {
  it('gives the first addresses when they come', async () => {
    const told = new Told()
    const { locator } = connect(told)
    const first = locator.first(new AbortController().signal)
    told.tell([], 'not yet')
    told.tell([{ host: 'a', port: 1 }])
    expect(await first).toEqual([{ host: 'a', port: 1 }])
    expect(await locator.first(new AbortController().signal)).toEqual([{ host: 'a', port: 1 }])
  })

  it('gives up when it is told to', async () => {
    const { locator } = connect(new Told())
    const giveUp = new AbortController()
    const first = locator.first(giveUp.signal)
    giveUp.abort()
    expect(await first).toEqual([])
  })
})
