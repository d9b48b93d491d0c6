import { parentPort, workerData } from 'node:worker_threads'
import { resumeSearch } from '../search/resume-search.js'
import { FitThread } from './fit-thread.js'
import type { SearchRequest, SearchThreadData } from './messages.js'
import { SearchServer } from './search-server.js'

// A search in a thread of its own. An error ends the thread and reaches its owner.
const { specification, history, isModelled } = workerData as SearchThreadData
const search = resumeSearch(specification, history, isModelled ? 'external' : 'never')
const fits = new FitThread()
const server = new SearchServer(search, history.observations.length, (task) => fits.fit(task), (report) => parentPort?.postMessage(report))
parentPort?.on('message', (request: SearchRequest) => server.receive(request))
