import type { CommandModule } from 'yargs'
import { type GlobalOptions, printJson, printStatus } from '../../output.js'
import { recipeOptions, requireInteger, requireSupportedPrecision } from '../../training/recipe-options.js'

interface BenchTrainArguments extends GlobalOptions {
  readonly encoding: string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly precision: string
  readonly threads: number | undefined
}

const number = { type: 'number', requiresArg: true } as const

export const benchTrain: CommandModule<GlobalOptions, BenchTrainArguments> = {
  command: 'train',
  describe: "Time a network's training step on this machine, on synthetic images",
  builder: (yargs) =>
    yargs
      .options({
        encoding: { type: 'string', requiresArg: true, demandOption: true, describe: 'The network: BLOCK_C0_MACRO' },
        batch: { ...number, default: 64, describe: 'Images in a step' },
        resolution: { ...number, default: 224, describe: 'Side of the square input, pixels' },
        classes: { ...number, default: 1000, describe: 'Outputs of the network' },
        precision: recipeOptions.precision,
        threads: { ...number, describe: 'Processor threads; default: all' },
      })
      .example('$0 bench train --encoding 020-_32_11-21-21 --batch 64 --resolution 64 --classes 20 --json', 'one network, small images'),
  handler: async ({ json, verbose, encoding, batch, resolution, classes, precision, threads }) => {
    const { canonicalEncoding } = await import('../../../shared/space/canonical.js')
    const { parseGenome } = await import('../../../shared/space/parse.js')
    const canonical = canonicalEncoding(parseGenome(encoding))
    requireInteger('batch', batch, [1, 65_536])
    requireInteger('resolution', resolution, [8, 4096])
    requireInteger('classes', classes, [2, 1_000_000])
    requireSupportedPrecision(precision)
    if (threads !== undefined) requireInteger('threads', threads, [1, 1024])
    const { measureOrThrow } = await import('../../training/follow-trainer.js')
    const work = { kind: 'measure', encoding: canonical, batch, resolution, classes, ...(threads === undefined ? {} : { threads }) } as const
    const measured = await measureOrThrow(work, verbose)
    if (measured === null) {
      process.exitCode = 130
      return
    }
    const { imagesPerSecond, stepMs, deviceClass: device, tensorflow } = measured
    if (json) printJson({ encoding: canonical, batch, resolution, classes, imagesPerSecond, stepMs, device, precision, tensorflow })
    else printStatus(`${stepMs.median.toFixed(2)} ms a step (p10 ${stepMs.p10.toFixed(2)}, p90 ${stepMs.p90.toFixed(2)}), ${imagesPerSecond.toFixed(0)} images/s on ${device}`)
  },
}
