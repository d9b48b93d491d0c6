import { type SearchStatus, isFinal } from '../../shared/cluster/search-snapshot.js'
import { type GlobalOptions, printJson } from '../output.js'
import { runSearch } from './run-search.js'
import type { SearchFolder } from './search-folder.js'
import { zooSummary } from './zoo-table.js'

/** Runs a folder's search and prints its zoo; an interrupted one exits with 130. */
export async function runAndReport(folder: SearchFolder, options: GlobalOptions): Promise<void> {
  const { zoo, files, interrupted } = await runSearch(folder, folder.config().config)
  if (options.json) printJson(zoo)
  else process.stdout.write(`\n${zooSummary(zoo, files)}\n${whatNext(zoo.status, folder)}\n`)
  if (interrupted) process.exitCode = 130
}

function whatNext(status: SearchStatus, { path }: SearchFolder): string {
  return isFinal(status) ? `again    nasoa zoo ${path}` : `go on    nasoa search resume ${path}`
}
