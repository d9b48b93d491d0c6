import type { SearchConfig } from '../../shared/config/search-config.js'

/** Phases as a config names them; none = everything may change from the start. */
export type NamedPhases = NonNullable<SearchConfig['phases']>

/** Of a search's candidates, the share that each phase before the last proposes where its config names no phases. */
const share = 0.1
/** A block or macro phase sees what there is to see in so many populations: of very long searches it takes a smaller share. */
const mostPopulations = 4
/** A phase that cannot evaluate more than a few networks chooses nothing. */
const fewestCandidates = 4

/** The phases of a search whose config names none: blocks, macro structures, both. Random candidates, the yardstick, have none. */
export function defaultPhases({ algorithm, candidates, population }: SearchConfig['search']): NamedPhases {
  const budget = Math.min(Math.round(share * candidates), mostPopulations * population)
  if (algorithm === 'random' || budget < fewestCandidates) return []
  return [{ name: 'block', budget }, { name: 'macro', budget }, { name: 'joint' }]
}

/**
 * A config with the phases that its search has: those it names; else those that the stored search was begun with, however many
 * candidates the config gives it now; else the default.
 * @param stored null = the search begins; one from before there were phases has none
 */
export function withPhases(config: SearchConfig, stored: SearchConfig | null): SearchConfig {
  const phases = config.phases ?? (stored === null ? defaultPhases(config.search) : (stored.phases ?? []))
  return { ...config, phases }
}
