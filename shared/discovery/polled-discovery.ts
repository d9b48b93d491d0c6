import { formatAddress, type Address } from '../address.js'
import type { Clock } from '../clock.js'
import { messageOf } from '../errors.js'
import type { Discovery, Sighting } from './discovery.js'
import { Wake } from './wake.js'

/** Where addresses are read from. Reading gives the whole truth; notifications only say when to read. */
export interface AddressSource {
  readonly name: string
  /** Longest time between two readings, for changes that no notification tells of. */
  readonly intervalMs: number
  /** What it says now, best first and never empty. @throws where it is away, unreadable or names nobody */
  read(signal: AbortSignal): Promise<readonly Address[]>
  /** Calls `changed` when reading again may give something else. Returns how to stop that. */
  subscribe(changed: () => void): () => void
}

/** Time between two readings while the source is in trouble. */
const retryMs = 1_000

/** Watches a source by reading it: a notification that is lost, doubled or late does no harm. */
export class PolledDiscovery implements Discovery {
  constructor(
    private readonly source: AddressSource,
    private readonly clock: Clock,
    private readonly release: () => void = () => undefined,
  ) {}

  get name(): string {
    return this.source.name
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Sighting, void, void> {
    const wake = new Wake()
    const unsubscribe = this.source.subscribe(() => wake.raise())
    try {
      for (let last: Sighting | null = null; !signal.aborted; ) {
        const next: Sighting = await this.look(last?.addresses ?? [], signal)
        if (signal.aborted) return
        if (last === null || !equal(last, next)) yield next
        last = next
        await wake.within(next.trouble === null ? this.source.intervalMs : Math.min(retryMs, this.source.intervalMs), this.clock, signal)
      }
    } finally {
      unsubscribe()
    }
  }

  close(): void {
    this.release()
  }

  private async look(known: readonly Address[], signal: AbortSignal): Promise<Sighting> {
    try {
      return { addresses: await this.source.read(signal), trouble: null }
    } catch (error) {
      return { addresses: known, trouble: `${messageOf(error)}${known.length > 0 ? '; the last known addresses stay in use' : ''}` }
    }
  }
}

function equal(a: Sighting, b: Sighting): boolean {
  return a.trouble === b.trouble && a.addresses.map(formatAddress).join() === b.addresses.map(formatAddress).join()
}
