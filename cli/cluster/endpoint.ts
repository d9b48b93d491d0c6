import { formatAddress, parseAddress } from '../../shared/address.js'
import { systemClock } from '../../shared/clock.js'
import type { Endpoint } from '../../shared/rpc/channel-options.js'
import { clientSecurity, type ClientSecurity } from '../../shared/security/credentials.js'
import { UsageError } from '../output.js'
import { tlsMaterialOf, type TlsWords } from './tls-options.js'

/** How a command names the coordinator that it talks to. */
export interface EndpointWords extends TlsWords {
  readonly coordinator: string | undefined
  readonly discovery: string | undefined
}

/** For yargs. */
export const endpointOptions = {
  coordinator: { type: 'string', requiresArg: true, describe: 'host:port of the coordinator' },
  discovery: { type: 'string', requiresArg: true, describe: 'Discovery config that tells where the coordinator is, instead of --coordinator' },
} as const

const longestLookMs = 10_000

export interface OpenEndpoint {
  readonly endpoint: Endpoint
  /** Resolves once there is an address to try, or when none was found for a while: then calls fail and say why. */
  readonly found: () => Promise<void>
  readonly close: () => Promise<void>
}

/** @throws UsageError, InvalidInputError */
export function requireOneCoordinator({ coordinator, discovery }: EndpointWords): void {
  if ((coordinator === undefined) === (discovery === undefined)) {
    throw new UsageError('name the coordinator with --coordinator host:port, or with --discovery FILE')
  }
  if (coordinator !== undefined) parseAddress(coordinator, '--coordinator')
}

/** @param security default: what the words say. @throws in one line for whatever cannot be meant */
export async function openEndpoint(words: EndpointWords, security: ClientSecurity = clientSecurity(tlsMaterialOf(words, 'client'))): Promise<OpenEndpoint> {
  requireOneCoordinator(words)
  if (words.coordinator !== undefined) {
    const target = formatAddress(parseAddress(words.coordinator, '--coordinator'))
    return { endpoint: { target, security }, found: () => Promise.resolve(), close: () => Promise.resolve() }
  }
  const { CoordinatorLocator } = await import('../../shared/discovery/coordinator-locator.js')
  const { grpcTarget } = await import('../../shared/discovery/grpc-target.js')
  const { openDiscovery } = await import('../../shared/discovery/open-discovery.js')
  const { readDiscoveryConfig } = await import('../../shared/discovery/discovery-config.js')
  const locator = new CoordinatorLocator(await openDiscovery(readDiscoveryConfig(words.discovery as string), systemClock))
  const { target, release } = grpcTarget(locator)
  return {
    endpoint: { target, name: `the coordinator that ${locator.name} names`, security },
    found: async () => void (await locator.first(AbortSignal.timeout(longestLookMs))),
    async close() {
      release()
      await locator.close()
    },
  }
}
