import { status, type ClientDuplexStream, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { InvalidInputError, UnavailableError } from '../errors.js'
import { fromServiceError } from './error-status.js'

/** A request that waits for its answer. */
interface Pending<Response> {
  readonly resolve: (response: Response) => void
  readonly reject: (error: unknown) => void
}

/**
 * A client's end of one stream, on which each request is answered before the next one is sent. It ends with the first request that
 * fails, or when either side closes it.
 */
export class Exchange<Request, Response> {
  private isOver = false
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

  get isOpen(): boolean {
    return !this.isOver
  }

  request(request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject }
      this.stream.write(request)
    })
  }

  /** Ends it, and with it the request that waits, without waiting for the other side. */
  breakOff(why: Error): void {
    this.ended(why)
    this.stream.cancel()
  }

  private answered(response: Response): void {
    const pending = this.take()
    if (pending) pending.resolve(response)
    else this.breakOff(new InvalidInputError('an answer without a request'))
  }

  private ended(why: Error): void {
    this.isOver = true
    this.onEnd()
    this.take()?.reject(why)
  }

  private take(): Pending<Response> | null {
    const { pending } = this
    this.pending = null
    return pending
  }
}
