import type { ServiceError, handleBidiStreamingCall, handleUnaryCall } from '@grpc/grpc-js'
import { fromServiceError } from '../shared/rpc/error-status.js'
import type { WorkerServiceServer } from '../shared/rpc/gen/nasoa/v1/worker.js'
import { UnavailableError, type NasoaError } from '../shared/errors.js'

type Methods = Pick<WorkerServiceServer, 'register' | 'leaseJob' | 'heartbeat' | 'reportProgress' | 'completeJob' | 'deregister'>
export type Method = keyof Methods
type Handler<Request, Response> = handleUnaryCall<Request, Response> | handleBidiStreamingCall<Request, Response>
type MessagesOf<H> = H extends Handler<infer Request, infer Response> ? { readonly request: Request; readonly response: Response } : never
export type RequestOf<M extends Method> = MessagesOf<Methods[M]>['request']
export type ResponseOf<M extends Method> = MessagesOf<Methods[M]>['response']

export type Answer<M extends Method> = { readonly response: ResponseOf<M> } | { readonly error: NasoaError }

/** A call that the coordinator has got. */
export interface OpenCall {
  /** The connection has broken, and the coordinator notices. */
  hangUp(): void
}

/**
 * Calls to the coordinator's worker service as gRPC makes them, without a connection. Its handlers are asynchronous, though no
 * time passes while they answer: whoever owns the time waits for `settled` before it lets time go on.
 */
export class InProcessCalls {
  /** Calls that are answered without anything else happening first. */
  private prompt = 0
  /** Calls that may be waiting for a job. */
  private polls = 0
  private readonly open = new Set<(error: NasoaError) => void>()
  private isOver = false

  constructor(
    private readonly handlers: Methods,
    /** Resolves when all that was about to happen in this thread has happened. */
    private readonly quiet: () => Promise<void>,
  ) {}

  call<M extends Method>(method: M, request: RequestOf<M>, peer: string, answer: (answer: Answer<M>) => void): OpenCall {
    const isPoll = method === 'leaseJob'
    if (isPoll) this.polls++
    else this.prompt++
    const fail = (error: NasoaError): void => answer({ error })
    this.open.add(fail)
    const end = (error: ServiceError | null, response?: ResponseOf<M>): void => {
      if (isPoll) this.polls--
      else this.prompt--
      if (this.isOver) return
      this.open.delete(fail)
      answer(error === null ? { response: response as ResponseOf<M> } : { error: fromServiceError(error, 'the simulated coordinator') })
    }
    const listeners = new Map<string, (request?: RequestOf<M>) => void>()
    const listen = (event: string, listener: (request?: RequestOf<M>) => void): void => void listeners.set(event, listener)
    const leave = (error: ServiceError | null, response?: ResponseOf<M>): true => {
      listeners.get('close')?.()
      end(error, response)
      return true
    }
    // Enough of both kinds of calls: a unary one, and a stream that carries one request.
    const call = {
      request,
      cancelled: false,
      getPeer: () => peer,
      getAuthContext: () => null,
      on: listen,
      once: listen,
      write: (response: ResponseOf<M>) => leave(null, response),
      emit: (_event: 'error', error: ServiceError) => leave(error),
    }
    const handle = this.handlers[method] as (call: unknown, callback: (error: ServiceError | null, response: ResponseOf<M>) => void) => void
    handle(call, end)
    listeners.get('data')?.(request)
    return { hangUp: () => listeners.get('cancelled')?.() }
  }

  /** The coordinator has died: what it still answers reaches nobody, and its connections break. */
  breakOff(): void {
    this.isOver = true
    for (const fail of [...this.open]) fail(new UnavailableError('the simulated coordinator has gone'))
    this.open.clear()
  }

  /** Whether answers may be on their way. */
  get isBusy(): boolean {
    return this.prompt > 0 || this.polls > 0
  }

  /** Waits until every call that can be answered now has been. */
  async settled(): Promise<void> {
    while (this.prompt > 0) await Promise.resolve()
    if (this.polls > 0) await this.quiet()
  }
}
