import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SearchTable } from './search-table.js'
import type { TableSearchOptions } from './table-search.js'

export interface HypervolumeSummary {
  readonly mean: number
  /** Standard deviation over the seeds (of a population, not a sample). */
  readonly std: number
  readonly perSeed: readonly number[]
}

export interface Checkpoint {
  readonly evaluations: number
  readonly hypervolume: HypervolumeSummary
}

export interface BenchSearchOptions extends Omit<TableSearchOptions, 'seed'> {
  /** Number of repetitions; their seeds are 0, 1, 2, ... */
  readonly seeds: number
}

export function summarise(perSeed: readonly number[]): HypervolumeSummary {
  const mean = perSeed.reduce((sum, value) => sum + value, 0) / perSeed.length
  const variance = perSeed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / perSeed.length
  return { mean, std: Math.sqrt(variance), perSeed }
}

/** Runs the seeds side by side, a thread for each processor; the result depends on nothing but the arguments. */
export async function benchSearchTable(table: SearchTable, { seeds, ...options }: BenchSearchOptions): Promise<Checkpoint[]> {
  const results = new Array<readonly number[]>(seeds)
  let next = 0
  const runThread = async (): Promise<void> => {
    const thread = new Worker(new URL('./table-search-thread.js', import.meta.url), { workerData: table })
    try {
      for (let seed = next++; seed < seeds; seed = next++) results[seed] = await search(thread, { ...options, seed })
    } finally {
      await thread.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(seeds, availableParallelism()) }, runThread))
  return options.checkpoints.map((evaluations, i) => ({ evaluations, hypervolume: summarise(results.map((result) => result[i])) }))
}

function search(thread: Worker, options: TableSearchOptions): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    thread.once('message', (result: readonly number[]) => {
      thread.off('error', reject)
      resolve(result)
    })
    thread.once('error', reject)
    thread.postMessage(options)
  })
}
