import type { Address } from '../address.js'
import type { Discovery, Sighting } from './discovery.js'

/** A fixed list of addresses, in order of preference. */
export class StaticDiscovery implements Discovery {
  readonly name = 'the list of addresses'

  constructor(private readonly addresses: readonly Address[]) {}

  async *watch(signal: AbortSignal): AsyncGenerator<Sighting, void, void> {
    if (signal.aborted) return
    yield { addresses: this.addresses, trouble: null }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  close(): void {}
}
