import type { CommandModule } from 'yargs'
import type { Augmentation } from '../../../shared/training/specification.js'
import { type GlobalOptions, printJson, printStatus } from '../../output.js'
import { requireInteger, requireNumber } from '../../option-values.js'
import { recipeOptions } from '../../training/recipe-options.js'

interface BenchLoaderArguments extends GlobalOptions {
  readonly data: string
  readonly resolution: number
  readonly batch: number
  readonly augmentation: Augmentation
  readonly seconds: number
  readonly cache: number
  readonly disk: boolean
}

const number = { type: 'number', requiresArg: true } as const

export const benchLoader: CommandModule<GlobalOptions, BenchLoaderArguments> = {
  command: 'loader',
  describe: 'Measure how many images a second the data path alone delivers: reading, decoding, augmentation',
  builder: (yargs) =>
    yargs
      .options({
        data: { type: 'string', requiresArg: true, demandOption: true, describe: 'Data folder of any layout; folders of classes without train and val do here' },
        resolution: { ...number, default: 224, describe: 'Side of the square images, pixels' },
        batch: { ...number, default: 32, describe: 'Images in a step' },
        augmentation: recipeOptions.augmentation,
        seconds: { ...number, default: 5, describe: 'How long to go on after the first pass over the images' },
        cache: { ...number, default: 256, describe: 'MiB of memory for resized images that are not on the disk' },
        disk: { type: 'boolean', default: true, describe: 'Keep resized images on the disk, in a cache of its own that goes away afterwards' },
      })
      .example('$0 bench loader --data tiny-imagenet --resolution 64 --augmentation pad-crop', 'small images')
      .example('$0 bench loader --data imagenet --resolution 160 --no-disk --cache 0 --json', 'where nothing can be kept: everything is decoded every time'),
  handler: async ({ data, resolution, batch, augmentation, seconds, cache, disk, json }) => {
    requireInteger('resolution', resolution, [8, 4096])
    requireInteger('batch', batch, [1, 65_536])
    requireNumber('seconds', seconds, [0, 3600])
    requireInteger('cache', cache, [0, 1_000_000])
    const { interruptible } = await import('../../data/interruptible.js')
    const { resolveDataDirectory } = await import('../../../worker/data/data-directory.js')
    const { benchLoader: measure } = await import('../../../bench/loader/bench-loader.js')
    const recipe = { resolution, batch, augmentation, seed: 0 }
    const directory = await resolveDataDirectory(data, printStatus)
    const { withOwnImageCache } = await import('../../../bench/loader/own-image-cache.js')
    const memory = { cacheBytes: cache * 1024 * 1024 }
    const result = await withOwnImageCache(disk, (imageCache) =>
      interruptible((signal) => measure({ directory, recipe, durationMs: seconds * 1000, ...memory, imageCache, log: printStatus, signal })),
    )
    if (result === null) return
    const { availableParallelism } = await import('node:os')
    if (json) return printJson({ data, resolution, batch, augmentation, cacheMib: cache, disk, cores: availableParallelism(), ...result })
    const { imagesPerSecond, cpuMsPerImage, firstEpochImagesPerSecond, evaluationImagesPerSecond, batchMs, passes, peakMib } = result
    printStatus(`${imagesPerSecond.toFixed(0)} images/s in ${passes - 1} passes after the first, ${firstEpochImagesPerSecond.toFixed(0)} in the first, ${evaluationImagesPerSecond.toFixed(0)} in evaluation`)
    printStatus(`a batch of ${batch} every ${batchMs.median.toFixed(1)} ms (p10 ${batchMs.p10.toFixed(1)}, p90 ${batchMs.p90.toFixed(1)}); ${cpuMsPerImage.toFixed(2)} ms of processor time an image; at most ${peakMib} MiB of memory`)
  },
}
