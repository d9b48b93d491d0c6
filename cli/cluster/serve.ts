import type { Logger } from 'pino'
import { startCoordinator, type CoordinatorOptions, type RunningCoordinator } from '../../coordinator/coordinator.js'
import { formatAddress, parseAddress, type Address } from '../../shared/address.js'
import { systemClock } from '../../shared/clock.js'
import type { Leadership } from '../../shared/discovery/election.js'
import { readDiscoveryConfig } from '../../shared/discovery/discovery-config.js'
import { openCoordinatorSide, type CoordinatorSide } from '../../shared/discovery/open-discovery.js'
import { CancelledError, EnvironmentError, InvalidInputError, StaleTokenError, UnavailableError, messageOf } from '../../shared/errors.js'
import { wait } from '../../shared/rpc/retry.js'

const retryMs = 1_000

export interface ServeOptions extends CoordinatorOptions {
  /** Discovery config; undefined = the address is not made known. */
  readonly discovery: string | undefined
  /** host:port that others reach this coordinator by, where it differs from what it listens on. */
  readonly advertise: string | undefined
  readonly logger: Logger
  /** Told while another coordinator leads, or the election's server is away. */
  readonly onStandby: (why: string) => void
  /** Told each time it serves. */
  readonly onServing: (coordinator: RunningCoordinator) => void
  /** Raised to end. */
  readonly signal: AbortSignal
}

/**
 * Serves a search until the signal is raised. Where the discovery has elections it waits until it leads, and when it has lost
 * the leadership it waits again: a standby is a coordinator that waits.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const side = options.discovery === undefined ? null : await openCoordinatorSide(readDiscoveryConfig(options.discovery), systemClock)
  try {
    requireReachable(options, side)
    do await serveOnce(options, side)
    while (side?.election && !options.signal.aborted)
  } catch (error) {
    if (!(error instanceof CancelledError && options.signal.aborted)) throw error
  } finally {
    side?.close()
  }
}

async function serveOnce(options: ServeOptions, side: CoordinatorSide | null): Promise<void> {
  const leadership = side?.election ? await campaign(options, side.election) : null
  try {
    await lead(options, side, leadership)
  } catch (error) {
    if (leadership === null || !isPassing(error, leadership)) throw error
    options.logger.warn({ error: messageOf(error) }, 'it leads, but cannot serve: campaigning again')
    options.onStandby(messageOf(error))
    await wait(retryMs, systemClock, options.signal)
  } finally {
    await leadership?.resign()
  }
}

/** Whether a leader that cannot open the store may be able to later: another one was faster, or a stopped one still holds it. */
function isPassing(error: unknown, leadership: Leadership): boolean {
  if (error instanceof StaleTokenError && leadership.standing() === 'held') throw epochsBeganAnew(error)
  return error instanceof StaleTokenError || error instanceof UnavailableError
}

async function lead(options: ServeOptions, side: CoordinatorSide | null, leadership: Leadership | null): Promise<void> {
  const coordinator = await startCoordinator(leadership ? { ...options, leaderEpoch: leadership.epoch } : options)
  const { logger, advertise } = options
  const announced = advertised(advertise ?? coordinator.address)
  const announcement = side?.announcer?.announce(announced, (trouble) => {
    if (trouble === null) logger.info(announced, 'the address is announced')
    else logger.warn({ ...announced, trouble }, 'the address is not announced; running jobs and connected workers carry on')
  })
  try {
    options.onServing(coordinator)
    const why = await untilOver(options.signal, coordinator, leadership, logger)
    logger.info({ why }, 'closing')
  } finally {
    await Promise.all([announcement?.withdraw(), coordinator.close()])
  }
}

async function campaign(options: ServeOptions, election: NonNullable<CoordinatorSide['election']>): Promise<Leadership> {
  const { listen, config, logger, signal, advertise, onStandby } = options
  const candidate = advertise ?? listen ?? config.coordinator.listen
  logger.info({ candidate }, 'waiting to lead')
  let told: string | null = null
  const leadership = await election.campaign(
    candidate,
    ({ leader, trouble }) => {
      if (leader === null && trouble === null) return
      // One outage is told once, in whatever words its calls fail.
      const what = trouble === null ? `${leader?.candidate} leads (epoch ${leader?.epoch})` : 'trouble'
      if (what === told) return
      told = what
      logger.info({ leader: leader?.candidate ?? null, trouble }, 'standing by')
      onStandby(trouble ?? what)
    },
    signal,
  )
  logger.info({ candidate, epoch: leadership.epoch }, 'leading')
  return leadership
}

/** An address that nobody can connect to must not be announced. Checked before anything is begun. */
function requireReachable({ advertise, listen, config }: ServeOptions, side: CoordinatorSide | null): void {
  if (advertise !== undefined) advertised(advertise)
  else if (side?.announcer) advertised(listen ?? config.coordinator.listen)
}

function advertised(text: string): Address {
  const address = parseAddress(text, '--advertise')
  if (!['0.0.0.0', '::'].includes(address.host)) return address
  throw new InvalidInputError(`others cannot connect to ${formatAddress(address)}: name the address that they can with --advertise host:port`)
}

/** Epochs only grow as long as the election's server keeps its data. */
function epochsBeganAnew(cause: StaleTokenError): EnvironmentError {
  const advice = 'if etcd was set up afresh, start the coordinator once without --discovery, which begins the count anew'
  return new EnvironmentError(`${messageOf(cause)}; ${advice}`, {}, { cause })
}

/** Resolves with why it is over. */
function untilOver(signal: AbortSignal, { deposed }: RunningCoordinator, leadership: Leadership | null, logger: Logger): Promise<string> {
  const asked = new Promise<string>((resolve) => {
    if (signal.aborted) resolve('asked to end')
    signal.addEventListener('abort', () => resolve('asked to end'), { once: true })
  })
  const lost = new Promise<string>((resolve) => {
    const lostNow = (): void => resolve(`the leadership is lost: ${leadership?.reason() ?? 'unknown'}`)
    if (leadership?.standing() === 'lost') lostNow()
    leadership?.onChange((standing) => {
      if (standing === 'lost') return lostNow()
      if (standing === 'held') logger.info('the leadership is certain again')
      else logger.warn({ reason: leadership.reason() }, 'etcd does not confirm the leadership; running jobs and connected workers carry on')
    })
  })
  return Promise.race([asked, lost, deposed.then(() => 'another coordinator leads')])
}
