import { Worker } from 'node:worker_threads'
// glibc unloads the library with the last thread that uses it, which crashes; so this one holds it: sharp's documentation asks for that.
import 'sharp'
import { builtModule } from '../../../shared/package-root.js'
import type { LoadRequest, LoadedImages } from './messages.js'

interface Pending {
  readonly resolve: (loaded: LoadedImages) => void
  readonly reject: (error: unknown) => void
}

/** A thread and the requests that it has not answered yet, oldest first. */
class LoadingThread {
  readonly pending: Pending[] = []
  private readonly worker = new Worker(builtModule('worker/data/loading/main'))
  private failure: Error | null = null

  constructor() {
    this.worker.on('message', (loaded: LoadedImages) => this.settle(({ resolve }) => resolve(loaded)))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', (code) => this.fail(new Error(`a loading thread ended with code ${code}`)))
    this.worker.unref()
  }

  ask(request: LoadRequest): Promise<LoadedImages> {
    if (this.failure !== null) return Promise.reject(this.failure)
    this.worker.ref()
    return new Promise((resolve, reject) => {
      this.pending.push({ resolve, reject })
      this.worker.postMessage(request)
    })
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  private settle(answer: (pending: Pending) => void): void {
    const pending = this.pending.shift()
    // A thread with nothing to do does not keep the process alive.
    if (this.pending.length === 0) this.worker.unref()
    if (pending !== undefined) answer(pending)
  }

  private fail(error: Error): void {
    this.failure ??= error
    while (this.pending.length > 0) this.settle(({ reject }) => reject(this.failure))
  }
}

/**
 * Threads that read, decode and augment, so that they go on while a training step blocks the event loop, and the step does not
 * wait for them. Decoding itself is done by libvips in the process's thread pool; these threads do the rest.
 */
export class LoadingThreads {
  private readonly threads: LoadingThread[] = []

  constructor(private readonly count: number) {}

  /** Rejects only where a thread dies; an image that cannot be used is part of the answer. */
  load(request: LoadRequest): Promise<LoadedImages> {
    return this.leastBusy().ask(request)
  }

  /** Ends the threads; nothing may be at work. */
  async close(): Promise<void> {
    await Promise.all(this.threads.splice(0).map((thread) => thread.close()))
  }

  private leastBusy(): LoadingThread {
    const idlest = this.threads.reduce<LoadingThread | null>((best, thread) => (best === null || thread.pending.length < best.pending.length ? thread : best), null)
    if (idlest !== null && (idlest.pending.length === 0 || this.threads.length === this.count)) return idlest
    const started = new LoadingThread()
    this.threads.push(started)
    return started
  }
}
