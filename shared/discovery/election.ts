import type { Standing } from './tenure.js'

/**
 * The right to act under a name, won in an election.
 *
 * `held`: nobody else leads. `uncertain`: not renewed within its time to live by the local clock; another may lead already,
 * or nobody can (the election's server is away). Work that is fenced by the epoch may go on, nothing new and unfenced may be
 * begun. `lost`: another may lead and this one never will again; campaign anew, which gives a higher epoch.
 */
export interface Leadership {
  /** Grows from leader to leader of the same name, so that whoever keeps the highest one seen can refuse the others. */
  readonly epoch: number
  /** Reckoned anew at each call: right even where the process was stopped and has just woken. */
  standing(): Standing
  /** Why it is lost, or may be; null while it is held. */
  reason(): string | null
  /** Told of each change of the standing; returns how to stop that. */
  onChange(listener: (standing: Standing) => void): () => void
  /** Gives the leadership up, so that a standby takes over at once. Never throws; where the server is away it runs out. */
  resign(): Promise<void>
}

export interface Leader {
  /** What the leader calls itself. */
  readonly candidate: string
  readonly epoch: number
}

/** What a campaign waits for: another leader's end, or a server that is away. */
export type CampaignReport = (waiting: { readonly leader: Leader | null; readonly trouble: string | null }) => void

/** At most one leader of a name. */
export interface Election {
  /**
   * Waits until this candidate leads. Trouble with the server is reported and tried again.
   * @throws CancelledError when the signal is raised first; EnvironmentError where the server refuses (rights)
   */
  campaign(candidate: string, report: CampaignReport, signal: AbortSignal): Promise<Leadership>
  /** Who leads now. @throws UnavailableError */
  leader(): Promise<Leader | null>
}
