import { CategoricalSpace } from '../../coordinator/search/categorical-space.js'
import type { Objective } from '../../coordinator/search/objective.js'
import type { Observation, Proposal, Search, SearchHistory } from '../../coordinator/search/search.js'

export const objectives: readonly Objective[] = [
  { name: 'top1', direction: 'maximize' },
  { name: 'stepMs', direction: 'minimize' },
]

/** Eight genes of three values: 6,561 genomes, of which the trade-off between the two objectives is known. */
export const space = new CategoricalSpace(Array.from({ length: 8 }, (_, i) => ({ name: `gene${i}`, values: ['0', '1', '2'] })))

/** Wider genes cost time and give accuracy with diminishing returns; every thirteenth genome fails. */
export function evaluate(key: string): Observation {
  const genome = space.parse(key)
  const total = genome.reduce((sum, value, i) => sum + value * (i + 1), 0)
  if (total % 13 === 5) return { key, objectives: null }
  const top1 = Math.sqrt(total) / 10 + (genome[0] === genome[7] ? 0.1 : 0)
  return { key, objectives: { top1, stepMs: 1 + genome.reduce((sum, value) => sum + value * value, 0) } }
}

/** What happens to a search: ask for some, tell the oldest in flight, or withdraw the newest. */
export type Event = { readonly ask: number } | { readonly tell: number } | { readonly withdraw: 1 }

/** A search with what a store would keep of it. */
export class Run {
  readonly proposals: Proposal[] = []
  readonly observations: Observation[] = []
  pending: Proposal[] = []

  constructor(
    readonly search: Search,
    private readonly judge: (key: string) => Observation = evaluate,
  ) {}

  apply(event: Event): void {
    if ('ask' in event) {
      const asked = this.search.ask(event.ask)
      this.proposals.push(...asked)
      this.pending.push(...asked)
    } else if ('tell' in event) {
      const results = this.pending.splice(0, event.tell).map(({ key }) => this.judge(key))
      this.observations.push(...results)
      this.search.tell(results)
    } else {
      this.search.withdraw(this.pending.splice(-1).map(({ key }) => key))
    }
  }

  /** Through JSON, as a store would. */
  history(): SearchHistory {
    const { observations, pending } = this
    return JSON.parse(JSON.stringify({ state: this.search.state(), observations, pending })) as SearchHistory
  }
}
