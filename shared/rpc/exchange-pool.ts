import type { ClientDuplexStream } from '@grpc/grpc-js'
import { CancelledError, UnavailableError } from '../errors.js'
import type { UnaryCallOptions } from './call.js'
import { Exchange } from './exchange.js'

/** Streams that are kept for the next requests. They count among those that a connection may have open, as waiting calls do. */
const mostIdle = 256

/**
 * Requests and answers over streams that stay open: each carries one request at a time, so requests that are under way at once take a
 * stream each. It says what unary calls say, for a fifth of their processor time.
 */
export class ExchangePool<Request, Response> {
  private readonly idle: Exchange<Request, Response>[] = []
  /** Counts how often all was let go: a stream from before is not kept. */
  private generation = 0

  /** @param target name of the other side in messages */
  constructor(
    private readonly target: string,
    private readonly open: () => ClientDuplexStream<Request, Response>,
  ) {}

  /** One request; fails as `callUnary` does. */
  async request(request: Request, { deadlineMs, signal }: Omit<UnaryCallOptions, 'target'>): Promise<Response> {
    const { target, generation } = this
    if (signal?.aborted) throw new CancelledError(`gave up a call to ${target}`)
    const exchange = this.idle.pop() ?? this.newExchange()
    const timer = setTimeout(() => exchange.breakOff(new UnavailableError(`${target} does not answer within ${deadlineMs} ms`)), deadlineMs)
    const giveUp = (): void => exchange.breakOff(new CancelledError(`gave up a call to ${target}`))
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const response = await exchange.request(request)
      if (exchange.isOpen) this.keep(exchange, generation)
      return response
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /** Ends all streams, those with a request under way after its answer. Later requests open others, to whoever is there then. */
  letGo(): void {
    this.generation++
    for (const exchange of this.idle.splice(0)) letGo(exchange)
  }

  private keep(exchange: Exchange<Request, Response>, generation: number): void {
    if (generation === this.generation && this.idle.length < mostIdle) this.idle.push(exchange)
    else letGo(exchange)
  }

  private newExchange(): Exchange<Request, Response> {
    const exchange = new Exchange(this.open(), this.target, () => this.forget(exchange))
    return exchange
  }

  private forget(exchange: Exchange<Request, Response>): void {
    const index = this.idle.indexOf(exchange)
    if (index >= 0) this.idle.splice(index, 1)
  }
}

function letGo(exchange: { breakOff(why: Error): void }): void {
  exchange.breakOff(new CancelledError('nobody waits on this stream'))
}
