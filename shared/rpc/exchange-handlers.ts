import { status, type handleBidiStreamingCall } from '@grpc/grpc-js'
import { toStatus } from './error-status.js'
import type { CallContext, CallObserver } from './handler.js'
import { ServedExchange } from './served-exchange.js'

type Handle<Request, Response> = (request: Request, context: CallContext) => Promise<Response> | Response

/** The streams of requests and answers that a server has open; their other ends are in an ExchangePool. */
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
