import { Counter, type Registry } from 'prom-client'
import type { RunObserver } from '../run/run-observer.js'

/** Candidates that ended since the coordinator started. */
export function registerCandidateMetrics(registry: Registry): Pick<RunObserver, 'candidateEnded'> {
  const ended = new Counter({
    name: 'nasoa_candidates_total',
    help: 'Candidates that ended since the coordinator started, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  })
  return { candidateEnded: (_encoding, { kind }) => ended.inc({ outcome: kind }) }
}
