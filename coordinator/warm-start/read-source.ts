import { statSync } from 'node:fs'
import { basename, dirname, extname } from 'node:path'
import type { SearchConfig } from '../../shared/config/search-config.js'
import { InvalidInputError, messageOf } from '../../shared/errors.js'
import { storeFileName } from '../store/sqlite-store.js'
import type { WarmStartSource } from './known-network.js'
import { readEarlierSearch } from './read-earlier-search.js'
import { readTable } from './read-table.js'
import { readZooFile } from './read-zoo-file.js'

type NamedSource = SearchConfig['search']['warmStart'][number]

/** Reads what a config's warm start names. @throws InvalidInputError, in one line, for the first that cannot be read */
export function readSources(sources: readonly NamedSource[]): WarmStartSource[] {
  return sources.map((source, i) => {
    try {
      return readSource(source)
    } catch (error) {
      throw new InvalidInputError(`search.warmStart.${i}: ${messageOf(error)}`, {}, { cause: error })
    }
  })
}

function readSource({ from, columns = {} }: NamedSource): WarmStartSource {
  if (statSync(from, { throwIfNoEntry: false }) === undefined) throw new InvalidInputError(`there is no ${from}: name the folder of a search, a zoo.json, or a CSV list of encodings`)
  if (statSync(from).isDirectory()) return readEarlierSearch(from, from)
  if (basename(from) === storeFileName) return readEarlierSearch(dirname(from), from)
  return extname(from).toLowerCase() === '.json' ? readZooFile(from, from) : readTable(from, from, columns)
}
