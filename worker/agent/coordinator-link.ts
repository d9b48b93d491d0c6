import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.js'
import { NotFoundError, UnavailableError, messageOf } from '../../shared/errors.js'
import { RemoteFailureError } from '../../shared/rpc/errors.js'
import { retry } from '../../shared/rpc/retry.js'
import type { Endpoint } from '../../shared/rpc/channel-options.js'
import { WorkerClient, type Session } from '../../shared/rpc/worker-client.js'
import type { Registration } from '../../shared/rpc/worker-message.js'

export interface LinkOptions {
  readonly coordinator: Endpoint
  /** What to register with, at the moment of registering. */
  readonly registration: () => Registration
  /** Told of each new session before it is used. */
  readonly onSession: (session: Session) => void
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

type Call<T> = (client: WorkerClient, session: Session) => Promise<T>

/**
 * The worker's connection to whichever coordinator there is. Registers when needed: at first, after the coordinator
 * restarted, after it moved.
 */
export class CoordinatorLink {
  private readonly client: WorkerClient
  private session: Session | null = null
  private registering: Promise<Session> | null = null
  private isAway = false

  constructor(private readonly options: LinkOptions) {
    this.client = new WorkerClient(options.coordinator)
  }

  /** Calls until there is an answer or an error that repeating cannot mend; the signal gives up. */
  call<T>(call: Call<T>, signal?: AbortSignal): Promise<T> {
    const { clock, random } = this.options
    return retry(() => this.once(call), { clock, random, ...(signal ? { signal } : {}) })
  }

  /** One try. */
  async once<T>(call: Call<T>): Promise<T> {
    const session = await this.currentSession()
    try {
      const answer = await call(this.client, session)
      this.noteReachable()
      return answer
    } catch (error) {
      throw this.noteFailure(error, session)
    }
  }

  get currentSessionId(): string | null {
    return this.session?.sessionId ?? null
  }

  close(): void {
    this.client.close()
  }

  private async currentSession(): Promise<Session> {
    if (this.session) return this.session
    this.registering ??= this.register().finally(() => (this.registering = null))
    return this.registering
  }

  private async register(): Promise<Session> {
    try {
      const session = await this.client.register(this.options.registration())
      this.noteReachable()
      this.options.onSession(session)
      this.session = session
      this.options.logger.info({ coordinator: this.client.name, search: session.searchName, drop: session.drop.length }, 'registered')
      return session
    } catch (error) {
      throw this.noteFailure(error, null)
    }
  }

  /** What a failed call means for the session. */
  private noteFailure(error: unknown, session: Session | null): unknown {
    if (error instanceof NotFoundError) {
      if (this.session === session) this.session = null
      return new UnavailableError('the coordinator does not know this worker (any more): registering again')
    }
    if (error instanceof RemoteFailureError) {
      // A worker outlives the coordinator's faults: job limits end what is never answered.
      this.options.logger.error({ error: messageOf(error) }, 'the coordinator failed at a call; it is made again')
      return new UnavailableError(messageOf(error), {}, { cause: error })
    }
    if (!(error instanceof UnavailableError)) return error
    if (!this.isAway) this.options.logger.warn({ error: messageOf(error) }, 'the coordinator is away; trainings go on, results wait')
    this.isAway = true
    return error
  }

  private noteReachable(): void {
    if (this.isAway) this.options.logger.info('the coordinator is back')
    this.isAway = false
  }
}
