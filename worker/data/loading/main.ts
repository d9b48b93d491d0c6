import { parentPort } from 'node:worker_threads'
import { loadImages } from './load-images.js'
import type { LoadRequest } from './messages.js'

/** Entry of a loading thread: requests come in, each is answered in its turn. Started by LoadingThreads only. */
const port = parentPort!
let last = Promise.resolve()

async function answer(request: LoadRequest): Promise<void> {
  const loaded = await loadImages(request)
  port.postMessage(loaded, [loaded.pixels.buffer as ArrayBuffer])
}

// One after the other: the memory that is at work does not grow with what waits. What throws here ends the thread, and its owner is told.
port.on('message', (request: LoadRequest) => void (last = last.then(() => answer(request))))
