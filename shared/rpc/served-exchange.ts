import type { ServerDuplexStream } from '@grpc/grpc-js'
import { InvalidInputError } from '../errors.js'
import { toStatus } from './error-status.js'
import { contextOf, type CallContext } from './handler.js'

export interface ServedExchangeOptions<Request, Response> {
  readonly call: ServerDuplexStream<Request, Response>
  /** Answers a request; never called before it has answered the one before. */
  readonly answer: (request: Request, context: CallContext) => Promise<Response>
  readonly onClose: () => void
}

/** The server's end of a stream on which each request is answered before the next one is sent. */
export class ServedExchange<Request, Response> {
  private isAnswering = false
  /** No more requests are taken. */
  private isEnding = false
  private readonly context: CallContext

  constructor(private readonly options: ServedExchangeOptions<Request, Response>) {
    const { call, onClose } = options
    this.context = contextOf(call)
    call.on('data', (request: Request) => this.take(request))
    call.on('end', () => this.end())
    call.once('close', onClose)
  }

  /** Ends the stream, once the request that is being answered has been. */
  end(): void {
    if (this.isEnding) return
    this.isEnding = true
    if (!this.isAnswering) this.options.call.end()
  }

  private take(request: Request): void {
    // The stream's end tells the caller that it has no answer.
    if (this.isEnding) return
    // Nobody makes this side keep requests, nor more than a few answers (the stream's buffer) that are not fetched.
    if (this.isAnswering) return this.fail(new InvalidInputError('a request before the answer to the one before'))
    this.isAnswering = true
    this.options.answer(request, this.context).then(
      (response) => this.send(response),
      (error: unknown) => this.fail(error),
    )
  }

  private send(response: Response): void {
    const { call } = this.options
    if (call.writableEnded) return
    if (call.write(response)) this.sent()
    else call.once('drain', () => this.sent())
  }

  private sent(): void {
    this.isAnswering = false
    if (this.isEnding) this.options.call.end()
  }

  private fail(error: unknown): void {
    const { call } = this.options
    this.isEnding = true
    if (!call.writableEnded) call.emit('error', toStatus(error))
  }
}
