import { parentPort, workerData } from 'node:worker_threads'
import type { SearchTable } from './search-table.js'
import { type TableSearchOptions, searchTable } from './table-search.js'

// One search for each message: options in, hypervolumes out. An error ends the thread and reaches its owner.
parentPort?.on('message', (options: TableSearchOptions) => parentPort?.postMessage(searchTable(workerData as SearchTable, options)))
