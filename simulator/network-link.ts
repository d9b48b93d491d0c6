import { UnavailableError, type NasoaError } from '../shared/errors.js'
import type { Disturbances } from './disturbances.js'
import type { InProcessCalls, Method, OpenCall, RequestOf, ResponseOf } from './in-process-calls.js'
import type { VirtualTime } from './virtual-time.js'

export interface CallHandlers<M extends Method> {
  readonly onResponse: (response: ResponseOf<M>) => void
  readonly onFailure: (error: NasoaError) => void
  /**
   * Asked when the answer sets out, with the moment at which it will arrive. true = it is dealt with: it says nothing that would
   * have to wait for that moment. Most answers are like that, and each event costs time.
   */
  readonly foresee?: (response: ResponseOf<M>, arrivesAtMs: number) => boolean
}

export interface LinkOptions {
  readonly time: VirtualTime
  /** Where the coordinator is now; null = it is down. */
  readonly coordinator: () => InProcessCalls | null
  /** For the coordinator's records. */
  readonly address: string
  readonly latencyMs: number
  readonly cuts: Disturbances
}

/**
 * The connection of one worker process to the coordinator, with latency and cuts. What is sent into a cut is lost, and its sender
 * learns of it when the call's deadline has passed.
 */
export class NetworkLink {
  private readonly open = new Set<OpenCall>()
  private isClosed = false

  constructor(private readonly options: LinkOptions) {}

  get latencyMs(): number {
    return this.options.latencyMs
  }

  /** Until when what is sent is sure to arrive; now or earlier = it is cut. */
  get calmUntilMs(): number {
    return this.options.cuts.from(this.options.time.now()).startMs
  }

  call<M extends Method>(method: M, request: RequestOf<M>, deadlineMs: number, handlers: CallHandlers<M>): void {
    const { time, latencyMs } = this.options
    const givesUpAtMs = time.now() + deadlineMs
    if (!this.isPassable()) return this.failAt(givesUpAtMs, handlers)
    time.after(latencyMs, () => this.arrive(method, request, givesUpAtMs, handlers))
  }

  /** The process is gone: nothing reaches it any more. @param noticed whether the coordinator sees the connection break */
  close(noticed: boolean): void {
    this.isClosed = true
    if (noticed) for (const call of this.open) call.hangUp()
    this.open.clear()
  }

  private arrive<M extends Method>(method: M, request: RequestOf<M>, givesUpAtMs: number, handlers: CallHandlers<M>): void {
    const { time, latencyMs, address } = this.options
    if (!this.isPassable()) return this.failAt(givesUpAtMs, handlers)
    const coordinator = this.options.coordinator()
    if (coordinator === null) return this.failAt(time.now() + latencyMs, handlers)
    const open = coordinator.call(method, request, address, (answer) => {
      this.open.delete(open)
      if (!this.isPassable()) return this.failAt(givesUpAtMs, handlers)
      const arrivesAtMs = time.now() + latencyMs
      if ('error' in answer) return this.deliverAt(arrivesAtMs, () => handlers.onFailure(answer.error))
      if (!this.isClosed && handlers.foresee?.(answer.response, arrivesAtMs)) return
      this.deliverAt(arrivesAtMs, () => handlers.onResponse(answer.response))
    })
    this.open.add(open)
  }

  private isPassable(): boolean {
    return this.calmUntilMs > this.options.time.now()
  }

  private failAt(atMs: number, { onFailure }: { readonly onFailure: (error: NasoaError) => void }): void {
    this.deliverAt(atMs, () => onFailure(new UnavailableError('the simulated coordinator does not answer')))
  }

  private deliverAt(atMs: number, deliver: () => void): void {
    this.options.time.at(atMs, () => {
      if (!this.isClosed) deliver()
    })
  }
}
