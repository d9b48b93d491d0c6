import { status, type ClientDuplexStream, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { CancelledError, InvalidInputError, UnavailableError } from '../errors.js'
import type { UnaryCallOptions } from './call.js'
import { fromServiceError } from './error-status.js'

/** A request that waits for its answer. */
interface Pending<Response> {
  readonly resolve: (response: Response) => void
  readonly reject: (error: unknown) => void
}

/**
 * One stream, on which each request is answered before the next one is sent. It ends with the first request that fails, or when
 * either side closes it.
 */
class Exchange<Request, Response> {
  isOpen = true
  private pending: Pending<Response> | null = null

  /**
   * @param target name of the other side in messages
   * @param onEnd told when it is no longer open
   */
  constructor(
    private readonly stream: ClientDuplexStream<Request, Response>,
    target: string,
    private readonly onEnd: () => void,
  ) {
    stream.on('data', (response: Response) => this.answered(response))
    stream.on('error', (error: ServiceError) => this.ended(fromServiceError(error, target)))
    // Any other status is an error too.
    stream.on('status', ({ code }: StatusObject) => code === status.OK && this.ended(new UnavailableError(`${target} ended the stream without an answer`)))
  }

  request(request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject }
      this.stream.write(request)
    })
  }

  /** Ends it, and with it the request that waits. */
  breakOff(why: Error): void {
    this.ended(why)
    this.stream.cancel()
  }

  /** Ends it in order. */
  end(): void {
    this.stream.end()
  }

  private answered(response: Response): void {
    const pending = this.take()
    if (pending) pending.resolve(response)
    else this.breakOff(new InvalidInputError('an answer without a request'))
  }

  private ended(why: Error): void {
    this.isOpen = false
    this.onEnd()
    this.take()?.reject(why)
  }

  private take(): Pending<Response> | null {
    const { pending } = this
    this.pending = null
    return pending
  }
}

/**
 * Requests and answers over streams that stay open: each stream carries one request at a time, so there are as many as there are
 * requests under way at once. It says what unary calls say, for a fifth of their processor time.
 */
export class ExchangePool<Request, Response> {
  private readonly idle: Exchange<Request, Response>[] = []

  constructor(private readonly open: () => ClientDuplexStream<Request, Response>) {}

  /** One request; fails as `callUnary` does. */
  async request(request: Request, { target, deadlineMs, signal }: UnaryCallOptions): Promise<Response> {
    if (signal?.aborted) throw new CancelledError(`gave up a call to ${target}`)
    const exchange = this.idle.pop() ?? this.newExchange(target)
    const timer = setTimeout(() => exchange.breakOff(new UnavailableError(`${target} does not answer within ${deadlineMs} ms`)), deadlineMs)
    const giveUp = (): void => exchange.breakOff(new CancelledError(`gave up a call to ${target}`))
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const response = await exchange.request(request)
      if (exchange.isOpen) this.idle.push(exchange)
      return response
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /** Ends the streams that no request waits on. */
  close(): void {
    for (const exchange of this.idle.splice(0)) exchange.end()
  }

  private newExchange(target: string): Exchange<Request, Response> {
    const exchange = new Exchange(this.open(), target, () => this.forget(exchange))
    return exchange
  }

  private forget(exchange: Exchange<Request, Response>): void {
    const index = this.idle.indexOf(exchange)
    if (index >= 0) this.idle.splice(index, 1)
  }
}
