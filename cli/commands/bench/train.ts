import { availableParallelism } from 'node:os'
import type { CommandModule } from 'yargs'
import type { PrecisionChoice } from '../../../shared/training/specification.js'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../../output.js'
import { integerOf, integersOf, requireInteger, requireNumber } from '../../option-values.js'
import { recipeOptions } from '../../training/recipe-options.js'

interface BenchTrainArguments extends GlobalOptions {
  readonly encoding: string | undefined
  readonly all: boolean
  readonly networks: string | undefined
  readonly batch: string | undefined
  readonly resolution: string | undefined
  readonly classes: number
  readonly precision: PrecisionChoice
  readonly threads: number | undefined
  readonly repetitions: number
  readonly minutes: number
  readonly compile: boolean
}

const number = { type: 'number', requiresArg: true } as const
const text = { type: 'string', requiresArg: true } as const

export const benchTrain: CommandModule<GlobalOptions, BenchTrainArguments> = {
  command: 'train',
  describe: "Time networks' training steps on this machine, on synthetic images; --all compares with PyTorch and eager tfjs",
  builder: (yargs) =>
    yargs
      .options({
        encoding: { ...text, describe: 'The network: BLOCK_C0_MACRO' },
        all: { type: 'boolean', default: false, describe: 'Compare the engine with PyTorch and eager tfjs on six networks, step by step in turns' },
        networks: { ...text, describe: 'With --all: other networks, separated by commas' },
        batch: { ...text, describe: 'Images in a step, default 64; with --all a list, default 32,64' },
        resolution: { ...text, describe: 'Side of the square input, pixels, default 224; with --all a list, default 64,224' },
        classes: { ...number, default: 1000, describe: 'Outputs of the network' },
        precision: recipeOptions.precision,
        threads: { ...number, describe: 'Processor threads; default: all' },
        repetitions: { ...number, default: 15, describe: 'With --all: steps of each contender and network' },
        minutes: { ...number, default: 20, describe: 'With --all: begin nothing that would end later; smallest sizes come first' },
        compile: { type: 'boolean', default: false, describe: 'With --all: torch.compile too, which compiles each network for minutes' },
      })
      .example('$0 bench train --encoding 020-_32_11-21-21 --batch 64 --resolution 64 --classes 20 --json', 'one network, small images')
      .example('$0 bench train --all --json', 'the table of docs/training-engine.md, as far as 20 minutes go')
      .example('$0 bench train --all --batch 32 --resolution 64 --compile --minutes 60', 'one size, torch.compile too'),
  handler: async (given) => {
    requireInteger('classes', given.classes, [2, 1_000_000])
    if (given.threads !== undefined) requireInteger('threads', given.threads, [1, 1024])
    // Not by yargs' conflicts: it counts a flag that has a default as given.
    if (given.encoding !== undefined && (given.all || given.networks !== undefined)) {
      throw new UsageError('--encoding times one network, --all and --networks compare several: give one of them')
    }
    if (given.all) await compare(given)
    else await measureOne(given)
  },
}

async function measureOne({ json, verbose, encoding, batch: batches = '64', resolution: resolutions = '224', classes, precision: asked, threads }: BenchTrainArguments): Promise<void> {
  if (encoding === undefined) throw new UsageError('name a network with --encoding, or compare six with --all')
  const { canonicalEncoding } = await import('../../../shared/space/canonical.js')
  const { parseGenome } = await import('../../../shared/space/parse.js')
  const canonical = canonicalEncoding(parseGenome(encoding))
  const [batch, resolution] = [integerOf('batch', batches, [1, 65_536]), integerOf('resolution', resolutions, [8, 4096])]
  const { measureOrThrow } = await import('../../training/follow-trainer.js')
  const work = { kind: 'measure', encoding: canonical, batch, resolution, classes, precision: asked, ...(threads === undefined ? {} : { threads }) } as const
  const measured = await measureOrThrow(work, verbose)
  if (measured === null) {
    process.exitCode = 130
    return
  }
  const { imagesPerSecond, stepMs, deviceClass: device, precision, tensorflow } = measured
  if (json) printJson({ encoding: canonical, batch, resolution, classes, imagesPerSecond, stepMs, device, precision, tensorflow })
  else printStatus(`${stepMs.median.toFixed(2)} ms a step (p10 ${stepMs.p10.toFixed(2)}, p90 ${stepMs.p90.toFixed(2)}), ${imagesPerSecond.toFixed(0)} images/s in ${precision} on ${device}`)
}

async function compare(given: BenchTrainArguments): Promise<void> {
  const { classes, precision, threads = availableParallelism(), repetitions, minutes, compile } = given
  requireInteger('repetitions', repetitions, [1, 10_000])
  requireNumber('minutes', minutes, [0, 10_000])
  const { cellsOf, comparedNetworks } = await import('../../../bench/train/cell.js')
  const networks = given.networks?.split(',') ?? comparedNetworks
  const batches = integersOf('batch', given.batch ?? '32,64', [1, 65_536])
  const resolutions = integersOf('resolution', given.resolution ?? '64,224', [8, 4096])
  const cells = cellsOf(networks, batches, resolutions, classes)
  const { benchTrain: run } = await import('../../../bench/train/bench-train.js')
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const options = { cells, threads, precision, repetitions, compile, limitMs: minutes * 60_000, signal: interruption.signal, say: printStatus }
  const result = await run(options)
  if (interruption.signal.aborted) process.exitCode = 130
  if (given.json) return printJson(result)
  const { tableOf } = await import('../../../bench/train/table.js')
  for (const line of tableOf(result.rows)) printStatus(line)
}
