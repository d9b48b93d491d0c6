import { isDeepStrictEqual } from 'node:util'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { InvalidInputError } from '../../shared/errors.js'
import { subsetOf } from './training-specification.js'

/** Parts of a config that decide what results mean and how the search goes on; the others may change between two runs. */
const fixed: Readonly<Record<string, (config: SearchConfig) => unknown>> = {
  seed: ({ seed }) => seed,
  space: ({ space }) => space,
  objectives: ({ objectives }) => objectives,
  // A search from before there were any has none.
  constraints: (config) => (config as Partial<SearchConfig>).constraints ?? [],
  training: ({ training }) => training,
  // A search from before there was a choice is plain evolution.
  'search.algorithm': ({ search }) => (search as Partial<SearchConfig['search']>).algorithm ?? 'nsga2',
  // A search from before there were any has none.
  phases: ({ phases }) => phases ?? [],
  rungs: ({ rungs }) => rungs ?? null,
  'search.reduction': ({ rungs, search }) => (rungs === undefined ? null : search.reduction),
  'search.population': ({ search }) => search.population,
  // Where the images lie may change; which ones are used may not.
  data: subsetOf,
}

/** @throws InvalidInputError when a search that was begun with `stored` cannot go on with `given` */
export function requireSameSearch(stored: SearchConfig, given: SearchConfig, directory: string): void {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  const changed = Object.keys(fixed).filter((key) => !isDeepStrictEqual(plain(fixed[key](stored)), plain(fixed[key](given))))
  if (changed.length === 0) return
  throw new InvalidInputError(
    `the search in ${directory} was begun with another '${changed[0]}': its results would not be comparable; restore it in the config, or choose another folder`,
    { changed },
  )
}
