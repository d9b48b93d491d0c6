import { resolveDataDirectory } from '../../worker/data/data-directory.js'
import { packShards } from '../../worker/data/shards/pack.js'
import { requireInteger, seeds } from '../option-values.js'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../output.js'
import { interruptible } from './interruptible.js'
import { progressLine } from './progress-line.js'

export interface PackArguments extends GlobalOptions {
  readonly directory: string
  readonly output: string
  readonly shardSize: number
  readonly seed: number
}

const megabyte = 1_000_000

export async function pack({ directory: named, output, shardSize, seed, json }: PackArguments): Promise<void> {
  if (!(shardSize >= 0.01 && shardSize <= 100_000)) throw new UsageError(`--shard-size must be 0.01 to 100000 megabytes, got ${shardSize}`)
  requireInteger('seed', seed, seeds)
  const directory = await resolveDataDirectory(named, printStatus)
  const report = await interruptible((signal) =>
    packShards({ directory, output, shardBytes: Math.round(shardSize * megabyte), seed, signal, log: printStatus, onProgress: progressLine('packed') }),
  )
  if (report === null) return
  if (json) return printJson({ directory, ...report })
  const { shards, images, bytes, reused, unreadable } = report
  const earlier = reused > 0 ? `, ${reused} of them from before` : ''
  const without = unreadable.length > 0 ? `; ${unreadable.length} images could not be read and are not in them` : ''
  printStatus(`${shards} shards${earlier} with ${images.train} + ${images.val} images (${(bytes / megabyte).toFixed(1)} MB) in ${report.output}${without}`)
}
