import type { Outcome } from '../../shared/training/outcome.js'
import { saysOutOfMemory } from './ended-early.js'

/** How a trainer process ended without having told an outcome. */
export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Last lines that it wrote to stderr. */
  readonly stderrTail: readonly string[]
  /** True if the kernel killed processes of this control group for memory while the child ran. */
  readonly sawOutOfMemoryKill: boolean
  /** Largest resident memory seen, bytes; 0 where the system does not tell. */
  readonly peakBytes: number
  /** Why the parent ended the child, if it did. */
  readonly ending: { readonly kind: 'cancelled' } | { readonly kind: 'timed_out'; readonly limitMs: number } | null
}

/** What an exit without an outcome means. Pure. */
export function outcomeOfExit(exit: ChildExit): Exclude<Outcome, { kind: 'succeeded' }> {
  const { ending, signal, code, stderrTail, peakBytes } = exit
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
  if (ending?.kind === 'cancelled') return { kind: 'cancelled', message: 'the training was cancelled' }
  if (ending?.kind === 'timed_out') return { kind: 'timed_out', limitMs: ending.limitMs, message: 'a single step outlasted the time limit' }
  const lastWords = stderrTail.length === 0 ? '' : `: ${stderrTail.slice(-3).join(' | ')}`
  const message = `the trainer process ${how}${lastWords}`
  if (saysOutOfMemory(stderrTail.join('\n'))) return { kind: 'out_of_memory', peakBytes, message }
  if (signal === 'SIGKILL' && exit.sawOutOfMemoryKill) {
    return { kind: 'out_of_memory', peakBytes, message: 'the kernel ended the trainer process for want of memory' }
  }
  if (signal === 'SIGTERM') return { kind: 'failed', reason: 'preempted', message }
  // Somebody else's SIGKILL says nothing about the candidate: an operator, a scheduler, a machine that goes down.
  return { kind: 'failed', reason: signal === 'SIGKILL' ? 'worker_lost' : 'crashed', message }
}
