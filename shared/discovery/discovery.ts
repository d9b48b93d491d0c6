import type { Address } from '../address.js'

/** What is known of the coordinator's whereabouts at one moment. */
export interface Sighting {
  /**
   * Where to try, best first. Empty only as long as nothing was ever found: while the source is away, unreadable or names
   * nobody, the last known addresses stay.
   */
  readonly addresses: readonly Address[]
  /** One line that says why the addresses may be out of date; null = the source was read and this is what it says. */
  readonly trouble: string | null
}

/** How a worker or a control client finds the coordinator. Constructors start no work. */
export interface Discovery {
  /** Names the source in messages: `the file coordinators.yaml`. */
  readonly name: string
  /**
   * The first sighting as soon as the source was asked, with addresses or with trouble, then one for each change of either.
   * Never throws for the source's sake and never ends before the signal is raised. A slow reader misses sightings in
   * between, never the latest one. May be called several times; each call watches on its own.
   */
  watch(signal: AbortSignal): AsyncGenerator<Sighting, void, void>
  /** Gives connections back; watches must have ended. Idempotent. */
  close(): void
}

/** Told of each change: null = in the register, otherwise one line that says why it may not be (it keeps trying). */
export type AnnouncementReport = (trouble: string | null) => void

/** A coordinator's entry in a register. */
export interface Announcement {
  /** Takes the entry out, so that nobody tries the address any more, as far as the register answers; never throws. */
  withdraw(): Promise<void>
}

/** The coordinator's side, where the register can be written. */
export interface Announcer {
  /**
   * Enters an address and keeps it entered until it is withdrawn: what was lost in an outage is entered again. The entry of
   * a process that died disappears by itself where the register can tell (etcd), or stays until it is replaced (file).
   */
  announce(address: Address, report: AnnouncementReport): Announcement
}
