import { status, type ServerDuplexStream, type handleBidiStreamingCall } from '@grpc/grpc-js'
import { toStatus } from './error-status.js'
import { contextOf, type CallContext, type CallObserver } from './handler.js'

type Handle<Request, Response> = (request: Request, context: CallContext) => Promise<Response> | Response

interface ExchangeOptions<Request, Response> {
  readonly call: ServerDuplexStream<Request, Response>
  /** Answers a request; never called before it has answered the one before. */
  readonly answer: (request: Request, context: CallContext) => Promise<Response>
  readonly onClose: () => void
}

/** The server's end of one stream of requests and answers, see ExchangePool. */
class ServedExchange<Request, Response> {
  private isAnswering = false
  /** No more requests are taken. */
  private isEnding = false
  private readonly context: CallContext

  constructor(private readonly options: ExchangeOptions<Request, Response>) {
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
    // The caller makes it again, with another coordinator.
    if (this.isEnding) return
    // Nobody makes this side keep requests, or answers that are not fetched.
    if (this.isAnswering) return this.fail({ code: status.FAILED_PRECONDITION, details: 'a request before the answer to the one before' })
    this.isAnswering = true
    this.options.answer(request, this.context).then(
      (response) => this.send(response),
      (error: unknown) => this.fail(toStatus(error)),
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

  private fail(answer: { readonly code: status; readonly details: string }): void {
    const { call } = this.options
    this.isEnding = true
    if (!call.writableEnded) call.emit('error', answer)
  }
}

/** The streams of requests and answers that a server has open. */
export class ExchangeHandlers {
  private readonly open = new Set<{ end(): void }>()
  private isClosed = false

  /** A handler as grpc-js wants it. A request that fails ends its stream with the status of the error. */
  handler<Request, Response>(method: string, handle: Handle<Request, Response>, observe?: CallObserver): handleBidiStreamingCall<Request, Response> {
    const answer = async (request: Request, context: CallContext): Promise<Response> => {
      const started = performance.now()
      try {
        const response = await handle(request, context)
        observe?.(method, performance.now() - started, status.OK, null)
        return response
      } catch (error) {
        observe?.(method, performance.now() - started, toStatus(error).code, error)
        throw error
      }
    }
    return (call) => {
      const exchange = new ServedExchange({ call, answer, onClose: () => this.open.delete(exchange) })
      this.open.add(exchange)
      if (this.isClosed) exchange.end()
    }
  }

  /** Ends every stream, those with a request that is being answered after its answer. */
  close(): void {
    this.isClosed = true
    for (const exchange of [...this.open]) exchange.end()
  }
}
