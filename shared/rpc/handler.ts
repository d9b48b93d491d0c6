import { status, type ServerUnaryCall, type ServerWritableStream, type handleServerStreamingCall, type handleUnaryCall } from '@grpc/grpc-js'
import { peerIdentity } from '../security/peer.js'
import type { Identity } from '../security/role.js'
import { toStatus } from './error-status.js'

/** What a handler knows of a call besides its request. */
export interface CallContext {
  /** host:port of the caller. */
  readonly peer: string
  /** Whose certificate the caller has shown; null on a connection without TLS. */
  readonly identity: Identity | null
  /** Raised when the caller has gone or has given up. */
  readonly signal: AbortSignal
}

/** Told of each call's end: its method, how long it took, and the status it was answered with. */
export type CallObserver = (method: string, durationMs: number, code: status, error: unknown) => void

/** Answers a request, or throws. */
export type Handle<Request, Response> = (request: Request, context: CallContext) => Promise<Response> | Response

/** The same, with an observer that is told how each request ends. */
export function observed<Request, Response>(method: string, handle: Handle<Request, Response>, observe?: CallObserver) {
  return async (request: Request, context: CallContext): Promise<Response> => {
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
}

/**
 * A handler as grpc-js wants it. Whatever is thrown becomes a status: a rejected handler would otherwise send no answer at all.
 */
export function unaryHandler<Request, Response>(method: string, handle: Handle<Request, Response>, observe?: CallObserver): handleUnaryCall<Request, Response> {
  const answer = observed(method, handle, observe)
  return (call, callback) => {
    answer(call.request, contextOf(call)).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error)),
    )
  }
}

/** A server-streaming handler: what the iterator yields is sent, no faster than the reader takes it. */
export function streamHandler<Request, Response>(
  method: string,
  handle: (request: Request, context: CallContext) => AsyncIterable<Response>,
  observe?: CallObserver,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const started = performance.now()
    send(call, handle).then(
      () => observe?.(method, performance.now() - started, status.OK, null),
      (error: unknown) => {
        const answer = toStatus(error)
        call.emit('error', answer)
        observe?.(method, performance.now() - started, answer.code, error)
      },
    )
  }
}

async function send<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  handle: (request: Request, context: CallContext) => AsyncIterable<Response>,
): Promise<void> {
  const context = contextOf(call)
  for await (const message of handle(call.request, context)) {
    if (context.signal.aborted) return
    if (!call.write(message)) await drained(call, context.signal)
  }
  call.end()
}

function drained<Request, Response>(call: ServerWritableStream<Request, Response>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What all kinds of calls have. */
type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'cancelled' | 'getPeer' | 'getAuthContext'> & {
  once(event: 'cancelled', listener: () => void): unknown
}

/** Of one call, for all of its messages. */
export function contextOf(call: AnyCall): CallContext {
  let controller: AbortController | null = null
  return {
    get peer() {
      return call.getPeer()
    },
    get identity() {
      return peerIdentity(call)
    },
    // Few handlers wait long enough to ask for it, and it costs as much as the rest of a short call.
    get signal() {
      if (controller) return controller.signal
      const created = (controller = new AbortController())
      if (call.cancelled) created.abort()
      else call.once('cancelled', () => created.abort())
      return created.signal
    },
  }
}
