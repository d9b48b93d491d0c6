import { parentPort } from 'node:worker_threads'
import { type SurrogateFitTask, fitSurrogate } from '../search/surrogate/surrogate.js'
import type { FitMade } from './messages.js'

// One fit for each message. An error ends the thread and reaches its owner.
parentPort?.on('message', (task: SurrogateFitTask) => {
  const started = performance.now()
  const made: FitMade = { fit: fitSurrogate(task), durationMs: performance.now() - started }
  parentPort?.postMessage(made)
})
