import { Client, Server, ServerCredentials, credentials, status, type ClientDuplexStream, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { RateLimiter, rateLimitInterceptor } from '../../coordinator/services/rate-limit.js'
import { systemClock } from '../../shared/clock.js'
import { CancelledError, InvalidInputError, UnavailableError } from '../../shared/errors.js'
import { ExchangeHandlers } from '../../shared/rpc/exchange-handlers.js'
import { ExchangePool } from '../../shared/rpc/exchange-pool.js'

const encode = (text: string): Buffer => Buffer.from(text)
const decode = (bytes: Buffer): string => bytes.toString()
const service = {
  exchange: { path: '/test.Test/Exchange', requestStream: true, responseStream: true, requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode },
} satisfies ServiceDefinition

interface TestService {
  readonly handlers: ExchangeHandlers
  readonly pool: ExchangePool<string, string>
  readonly openStream: () => ClientDuplexStream<string, string>
  /** Streams that the client has opened so far. */
  readonly streams: () => number
}

const open: (() => void)[] = []
afterEach(() => open.splice(0).forEach((close) => close()))

async function serve(answer: (request: string) => Promise<string> | string, perSecond = 1e6): Promise<TestService> {
  const handlers = new ExchangeHandlers()
  const limiter = new RateLimiter({ burst: perSecond, perSecond: 1e-6 })
  const server = new Server({ interceptors: [rateLimitInterceptor(limiter, systemClock)] })
  server.addService(service, { exchange: handlers.handler('Test/Exchange', answer) })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  let streams = 0
  const openStream = (): ClientDuplexStream<string, string> => {
    streams++
    return client.makeBidiStreamRequest(service.exchange.path, encode, decode)
  }
  const pool = new ExchangePool('the server', openStream)
  open.push(() => (pool.letGo(), client.close(), server.forceShutdown()))
  return { handlers, pool, openStream, streams: () => streams }
}

/** Answers that a test gives by hand. */
class Desk {
  private readonly answers = new Map<string, (text: string) => void>()
  private readonly arrivals = new Map<string, () => void>()

  readonly take = (request: string): Promise<string> =>
    new Promise((resolve) => {
      this.answers.set(request, resolve)
      this.arrivals.get(request)?.()
    })

  async arrived(request: string): Promise<void> {
    if (!this.answers.has(request)) await new Promise<void>((resolve) => this.arrivals.set(request, resolve))
  }

  async answer(request: string): Promise<void> {
    await this.arrived(request)
    this.answers.get(request)?.(`${request}!`)
  }
}

const options = { deadlineMs: 10_000 }

describe('an exchange', () => {
  test('carries one request after the other', async () => {
    const { pool, streams } = await serve((request) => `${request}!`)
    for (const each of ['a', 'b', 'c']) expect(await pool.request(each, options)).toBe(`${each}!`)
    expect(streams()).toBe(1)
  })

  test('carries one request at a time: as many streams as there are requests at once, used again', async () => {
    const desk = new Desk()
    const { pool, streams } = await serve(desk.take)
    for (const round of ['1', '2']) {
      const requests = ['a', 'b', 'c'].map((name) => pool.request(name + round, options))
      for (const name of ['c', 'a', 'b']) await desk.answer(name + round)
      expect(await Promise.all(requests)).toEqual(['a', 'b', 'c'].map((name) => `${name}${round}!`))
    }
    expect(streams()).toBe(3)
  })

  test('ends with a request that fails, with its error; the next one gets another', async () => {
    const { pool, streams } = await serve((request) => {
      if (request === 'bad') throw new InvalidInputError('no good')
      return request
    })
    await pool.request('good', options)
    const failure = await pool.request('bad', options).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(InvalidInputError)
    expect(failure).toHaveProperty('message', 'no good')
    expect(await pool.request('better', options)).toBe('better')
    expect(streams()).toBe(2)
  })

  test('is given up after its deadline, or when its caller gives up', async () => {
    const desk = new Desk()
    const { pool } = await serve(desk.take)
    await expect(pool.request('a', { ...options, deadlineMs: 30 })).rejects.toThrow(UnavailableError)
    const caller = new AbortController()
    const given = pool.request('b', { ...options, signal: caller.signal })
    await desk.arrived('b')
    caller.abort()
    await expect(given).rejects.toThrow(CancelledError)
    await expect(pool.request('c', { ...options, signal: caller.signal })).rejects.toThrow(CancelledError)
    const next = pool.request('d', options)
    await desk.answer('d')
    expect(await next).toBe('d!')
  })

  test('is not kept where many are idle', async () => {
    const desk = new Desk()
    const { pool, streams } = await serve(desk.take)
    const inOneGo = async (round: number): Promise<void> => {
      const names = Array.from({ length: 300 }, (_, i) => `${round}-${i}`)
      const requests = names.map((name) => pool.request(name, options))
      for (const name of names) await desk.arrived(name)
      for (const name of names) await desk.answer(name)
      await Promise.all(requests)
    }
    await inOneGo(1)
    await inOneGo(2)
    expect(streams()).toBe(300 + 44)
  })

  test('is let go when its owner says so, after the answer that is under way', async () => {
    const desk = new Desk()
    const { pool, streams } = await serve(desk.take)
    const ask = async (name: string): Promise<void> => {
      const request = pool.request(name, options)
      await desk.answer(name)
      await request
    }
    await ask('a')
    pool.letGo()
    await ask('b')
    expect(streams()).toBe(2)
    const begun = pool.request('c', options)
    await desk.arrived('c')
    pool.letGo()
    await desk.answer('c')
    expect(await begun).toBe('c!')
    await ask('d')
    expect(streams()).toBe(3)
  })

  test('is ended by a server that closes, after the answer that is under way', async () => {
    const desk = new Desk()
    const { pool, handlers, openStream } = await serve(desk.take)
    const [begun, waiting] = ['a', 'b'].map((name) => pool.request(name, options))
    await desk.answer('b')
    await waiting
    await desk.arrived('a')
    handlers.close()
    await desk.answer('a')
    expect(await begun).toBe('a!')
    await expect(pool.request('c', options)).rejects.toThrow(UnavailableError)
    expect(await endOf(openStream())).toEqual(status.OK)
  })

  test('is ended by a server that is asked before it has answered, and answers nothing more', async () => {
    const desk = new Desk()
    const { openStream, pool } = await serve(desk.take)
    const stream = openStream()
    const end = endOf(stream)
    stream.write('a')
    await desk.arrived('a')
    stream.write('b')
    expect(await end).toBe(status.INVALID_ARGUMENT)
    await desk.answer('a')
    const next = pool.request('c', options)
    await desk.answer('c')
    expect(await next).toBe('c!')
  })

  test('counts as many calls as it carries requests', async () => {
    const { pool } = await serve((request) => request, 5)
    for (let i = 0; i < 5; i++) await pool.request(`${i}`, options)
    await expect(pool.request('one too many', options)).rejects.toThrow(/too many calls/)
  })
})

function endOf(stream: ClientDuplexStream<string, string>): Promise<status> {
  return new Promise((resolve) => {
    stream.on('data', () => undefined)
    stream.on('error', ({ code }: ServiceError) => resolve(code))
    stream.on('end', () => resolve(status.OK))
  })
}
