import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Dataset, type DatasetOptions, datasetOf, openDataset } from '../../worker/data/dataset.js'
import { resolveManifest } from '../../worker/data/manifest.js'
import { listShards } from '../../worker/data/shards/shard-folder.js'
import { quantile } from '../../shared/quantile.js'
import { readUnsplitFolder } from './unsplit-folder.js'

export interface LoaderBenchOptions extends Pick<DatasetOptions, 'directory' | 'recipe' | 'cacheBytes' | 'imageCache'> {
  /** Ends after the first whole pass that lasts to here, milliseconds. */
  readonly durationMs: number
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

export interface LoaderBench {
  /** Of the passes after the first, whose resized images are kept as far as they fit: the rate of a long training. */
  readonly imagesPerSecond: number
  /** Processor time of all threads for an image, in the passes after the first: says more than a rate where others use the machine. */
  readonly cpuMsPerImage: number
  /** Of the first pass: files are read and everything is decoded. */
  readonly firstEpochImagesPerSecond: number
  /** Of the validation images, read and decoded. */
  readonly evaluationImagesPerSecond: number
  /** Between two batches, after the first pass. */
  readonly batchMs: { readonly median: number; readonly p10: number; readonly p90: number }
  readonly images: { readonly train: number; readonly val: number }
  readonly passes: number
  /** Largest resident memory of the process, MiB. */
  readonly peakMib: number
}

interface Pass {
  readonly images: number
  readonly ms: number
  readonly batchMs: readonly number[]
}

async function take(batches: AsyncIterable<{ readonly size: number }>): Promise<Pass> {
  const start = performance.now()
  const batchMs: number[] = []
  let [images, last] = [0, start]
  for await (const { size } of batches) {
    const now = performance.now()
    images += size
    batchMs.push(now - last)
    last = now
  }
  return { images, ms: last - start, batchMs }
}

const perSecond = (passes: readonly Pass[]): number =>
  (passes.reduce((sum, { images }) => sum + images, 0) * 1000) / passes.reduce((sum, { ms }) => sum + ms, 0)

async function measure(dataset: Dataset, durationMs: number, signal: AbortSignal): Promise<LoaderBench> {
  const first = await take(dataset.trainBatches(0, signal))
  const later: Pass[] = []
  const start = performance.now()
  const before = process.cpuUsage()
  for (let epoch = 1; later.length === 0 || performance.now() - start < durationMs; epoch++) later.push(await take(dataset.trainBatches(epoch, signal)))
  const { user, system } = process.cpuUsage(before)
  const evaluation = await take(dataset.validationBatches(signal))
  const batchMs = later.flatMap((pass) => pass.batchMs)
  const { train, validation } = dataset.counts
  return {
    imagesPerSecond: perSecond(later),
    cpuMsPerImage: (user + system) / 1000 / later.reduce((sum, { images }) => sum + images, 0),
    firstEpochImagesPerSecond: perSecond([first]),
    evaluationImagesPerSecond: perSecond([evaluation]),
    batchMs: { median: quantile(batchMs, 0.5), p10: quantile(batchMs, 0.1), p90: quantile(batchMs, 0.9) },
    images: { train, val: validation },
    passes: later.length + 1,
    peakMib: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

async function open(options: DatasetOptions): Promise<Dataset> {
  const { directory } = options
  const isUnsplit = existsSync(directory) && !existsSync(join(directory, 'train')) && (await listShards(directory)).length === 0
  const unsplit = isUnsplit ? await resolveManifest(await readUnsplitFolder(directory), { seed: 0 }) : null
  // A folder of no layout at all is explained by the ordinary way to open it.
  if (unsplit === null || unsplit.train.length === 0) return openDataset(options)
  return datasetOf(unsplit, options)
}

/** Runs the data path alone, as a training does, with nothing behind it. @throws as openDataset, CancelledError */
export async function benchLoader({ directory, recipe, cacheBytes, imageCache, durationMs, log, signal }: LoaderBenchOptions): Promise<LoaderBench> {
  const cache = { ...(cacheBytes === undefined ? {} : { cacheBytes }), ...(imageCache === undefined ? {} : { imageCache }) }
  const dataset = await open({ directory, recipe, subset: { seed: 0 }, unreadableLimit: 0.1, log, ...cache })
  try {
    return await measure(dataset, durationMs, signal)
  } finally {
    await dataset.close()
  }
}
