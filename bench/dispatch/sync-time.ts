import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from '../../shared/quantile.js'

/** Median time of writing 4 KiB to a file of the folder and syncing it, milliseconds: the floor under every durable answer. */
export function medianSyncMs(directory: string, samples = 100): number {
  const path = join(directory, 'sync-time.tmp')
  const block = Buffer.alloc(4096, 1)
  const file = openSync(path, 'w')
  try {
    const times = Array.from({ length: samples }, () => {
      const started = performance.now()
      writeSync(file, block)
      fsyncSync(file)
      return performance.now() - started
    })
    return quantile(times, 0.5)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
