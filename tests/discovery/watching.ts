import { formatAddress } from '../../shared/address.js'
import type { Discovery, Sighting } from '../../shared/discovery/discovery.js'
import { Eventually } from '../support/eventually.js'

/** Reads a discovery as a client does, and lets a test await what it says. */
export class Watching {
  private readonly sightings = new Eventually<Sighting>()
  private readonly ending = new AbortController()
  private readonly done: Promise<void>

  constructor(discovery: Discovery) {
    this.done = this.follow(discovery)
  }

  get seen(): readonly Sighting[] {
    return this.sightings.seen
  }

  /** The first sighting that satisfies the condition, from behind the one that the last call gave. */
  until(condition: (sighting: Sighting) => boolean): Promise<Sighting> {
    return this.sightings.until(condition)
  }

  /** Waits for exactly these addresses and no trouble. */
  names(...addresses: string[]): Promise<Sighting> {
    return this.until((sighting) => sighting.trouble === null && sighting.addresses.map(formatAddress).join() === addresses.join())
  }

  /** Waits for trouble of this kind. */
  trouble(pattern: RegExp): Promise<Sighting> {
    return this.until(({ trouble }) => trouble !== null && pattern.test(trouble))
  }

  async stop(): Promise<void> {
    this.ending.abort()
    await this.done
  }

  private async follow(discovery: Discovery): Promise<void> {
    for await (const sighting of discovery.watch(this.ending.signal)) this.sightings.push(sighting)
  }
}

export const addressesOf = ({ addresses }: Sighting): string[] => addresses.map(formatAddress)
