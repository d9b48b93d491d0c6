import { Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from '@grpc/grpc-js'
import { CancelledError } from '../errors.js'
import { fromServiceError } from './error-status.js'

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall

export interface UnaryCallOptions {
  /** Name of the other side in messages, with its address. */
  readonly target: string
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** One call as a promise; fails with the errors of shared/errors, with CancelledError only where the signal was raised. */
export function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  { target, deadlineMs, signal }: UnaryCallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = method(request, new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) => {
      signal?.removeEventListener('abort', cancel)
      if (!error) resolve(response)
      else if (signal?.aborted) reject(new CancelledError(`gave up a call to ${target}`, {}, { cause: error }))
      else reject(fromServiceError(error, target))
    })
    const cancel = (): void => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) call.cancel()
  })
}
