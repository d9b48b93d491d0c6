import { status, Metadata, experimental } from '@grpc/grpc-js'
import { randomUUID } from 'node:crypto'
import type { CoordinatorLocator } from './coordinator-locator.js'

const scheme = 'nasoa-discovery'
const locators = new Map<string, CoordinatorLocator>()
let registered = false

/**
 * A target for a gRPC client, in place of `host:port`, that leads to wherever the locator says the coordinator is, also
 * after it has moved. Clients keep their connection as long as its address is among those found. Before anything is found,
 * calls fail UNAVAILABLE with the locator's trouble. Valid until `release` is called.
 */
export function grpcTarget(locator: CoordinatorLocator): { readonly target: string; readonly release: () => void } {
  if (!registered) experimental.registerResolver(scheme, DiscoveryResolver)
  registered = true
  const id = randomUUID()
  locators.set(id, locator)
  return { target: `${scheme}:${id}`, release: () => locators.delete(id) }
}

/** grpc-js asks a resolver to update when a connection breaks, and takes new addresses at any time. */
class DiscoveryResolver implements experimental.Resolver {
  private readonly locator: CoordinatorLocator | undefined
  private unsubscribe: (() => void) | null = null

  constructor(
    target: { readonly path: string },
    private readonly listener: experimental.ResolverListener,
  ) {
    this.locator = locators.get(target.path)
  }

  static getDefaultAuthority(): string {
    return 'nasoa-coordinator'
  }

  updateResolution(): void {
    this.unsubscribe ??= this.locator?.onChange(() => this.report()) ?? null
    // Never within the caller's own turn: the library sets up its state after the call.
    setImmediate(() => this.report())
  }

  destroy(): void {
    this.unsubscribe?.()
    this.unsubscribe = null
  }

  private report(): void {
    if (this.unsubscribe === null) return
    const { addresses, trouble } = this.locator?.current() ?? { addresses: [], trouble: 'the discovery was closed' }
    const found = addresses.map(({ host, port }) => ({ addresses: [{ host, port }] }))
    if (found.length > 0) this.listener(experimental.statusOrFromValue(found), {}, null, '')
    else this.listener(experimental.statusOrFromError(unavailable(trouble ?? 'the coordinator is being looked for')), {}, null, '')
  }
}

function unavailable(details: string): { code: status; details: string; metadata: Metadata } {
  return { code: status.UNAVAILABLE, details, metadata: new Metadata() }
}
