import { Worker } from 'node:worker_threads'
import type { SurrogateFitTask } from '../search/surrogate/surrogate.js'
import type { FitMade } from './messages.js'

/** Fits one task at a time, in a thread that lasts until one of them kills it. */
export class FitThread {
  private worker: Worker | null = null

  /** Rejects when the thread dies of the task; the next call gets a new one. */
  fit(task: SurrogateFitTask): Promise<FitMade> {
    const worker = (this.worker ??= new Worker(new URL('./fit-main.js', import.meta.url)))
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off('message', made).off('error', failed).off('exit', ended)
      }
      const made = (message: FitMade): void => {
        settle()
        resolve(message)
      }
      const failed = (error: unknown): void => {
        settle()
        this.worker = null
        reject(error instanceof Error ? error : new Error(String(error)))
      }
      const ended = (code: number): void => failed(new Error(`the thread that fits ended with code ${code}`))
      worker.on('message', made).on('error', failed).on('exit', ended)
      worker.postMessage(task)
    })
  }
}
