import type { Verdict } from '../run/observation.js'

/** A network that is known from elsewhere, with what was measured of it there. */
export interface KnownNetwork {
  /** Canonical encoding. */
  readonly encoding: string
  /** Validation accuracy, 0..1. */
  readonly top1: number
  /** Training step, milliseconds; null = not measured, or not known. */
  readonly stepMs: number | null
}

/** The result of a whole training of another search. */
export interface KnownResult {
  readonly encoding: string
  readonly outcome: Extract<Verdict, { kind: 'succeeded' | 'diverged' }>
}

/** What one source of a warm start holds. */
export interface WarmStartSource {
  /** As its user named it. */
  readonly from: string
  /** Whether steps were timed on one kind of device, so that they can be compared with each other. */
  readonly areTimesComparable: boolean
  readonly networks: readonly KnownNetwork[]
  /** Whole trainings, of a source that has them; none of a list. */
  readonly results: readonly KnownResult[]
  /** Evaluation digest of the results; null = it does not say. */
  readonly evaluation: string | null
}
