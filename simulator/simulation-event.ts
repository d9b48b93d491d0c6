import type { Outcome } from '../shared/training/outcome.js'
import type { Absence } from './simulated-host.js'

interface AttemptEvent {
  readonly worker: string
  readonly slot: number
  readonly jobId: number
  readonly token: number
}

/** What happens in a simulation, in the order of time; enough to compute its figures again. */
export type SimulationEvent = { readonly atMs: number } & (
  | { readonly kind: 'worker_up'; readonly worker: string; readonly class: string; readonly slots: number }
  | { readonly kind: 'worker_down'; readonly worker: string; readonly why: Absence }
  /** A slot begins to train, or goes on after a restart. */
  | ({ readonly kind: 'training_began' } & AttemptEvent)
  | ({ readonly kind: 'training_stopped' } & AttemptEvent)
  /** What the coordinator holds an attempt to have come to; of several such events of one attempt the last one is true. */
  | { readonly kind: 'attempt_ended'; readonly jobId: number; readonly token: number; readonly outcome: Outcome['kind']; readonly message: string }
  | { readonly kind: 'candidate_ended'; readonly encoding: string; readonly outcome: Outcome['kind'] }
  /** At the end: an attempt that the coordinator still waits for. */
  | { readonly kind: 'still_running'; readonly jobId: number; readonly token: number }
  | { readonly kind: 'end' }
)
