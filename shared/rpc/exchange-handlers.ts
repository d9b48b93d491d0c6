import type { handleBidiStreamingCall } from '@grpc/grpc-js'
import { observed, type CallObserver, type Handle } from './handler.js'
import { ServedExchange } from './served-exchange.js'

/** The streams of requests and answers that a server has open; their other ends are in an ExchangePool. */
export class ExchangeHandlers {
  private readonly open = new Set<{ end(): void }>()
  private isClosed = false

  /** A handler as grpc-js wants it. A request that fails ends its stream with the status of the error. */
  handler<Request, Response>(method: string, handle: Handle<Request, Response>, observe?: CallObserver): handleBidiStreamingCall<Request, Response> {
    const answer = observed(method, handle, observe)
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
