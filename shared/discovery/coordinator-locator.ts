import type { Address } from '../address.js'
import type { Discovery, Sighting } from './discovery.js'
import { holdProcess } from './hold-process.js'

/** Told of each change of what is known, trouble and its end included. */
export type SightingListener = (sighting: Sighting) => void

const nothing: Sighting = { addresses: [], trouble: null }

/** Follows a discovery for as long as a client lives, and knows at any time where to try. */
export class CoordinatorLocator {
  private sighting: Sighting = nothing
  private readonly ending = new AbortController()
  private readonly listeners = new Set<SightingListener>()
  private readonly done: Promise<void>

  constructor(private readonly discovery: Discovery) {
    this.done = this.follow()
  }

  get name(): string {
    return this.discovery.name
  }

  current(): Sighting {
    return this.sighting
  }

  onChange(listener: SightingListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The first addresses, as soon as there are some; an empty list when the signal is raised before. */
  first(signal: AbortSignal): Promise<readonly Address[]> {
    if (this.sighting.addresses.length > 0 || signal.aborted) return Promise.resolve(this.sighting.addresses)
    const found = new Promise<readonly Address[]>((resolve) => {
      const stop = this.onChange(({ addresses }) => addresses.length > 0 && finish())
      const finish = (): void => {
        stop()
        signal.removeEventListener('abort', finish)
        resolve(this.sighting.addresses)
      }
      signal.addEventListener('abort', finish, { once: true })
    })
    return holdProcess(found)
  }

  async close(): Promise<void> {
    this.ending.abort()
    await this.done
    this.discovery.close()
  }

  private async follow(): Promise<void> {
    for await (const sighting of this.discovery.watch(this.ending.signal)) {
      this.sighting = sighting
      for (const listener of [...this.listeners]) listener(sighting)
    }
  }
}
