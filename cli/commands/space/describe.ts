import type { CommandModule } from 'yargs'
import { revealDashedWord } from '../../dashed-words.js'
import type { GlobalOptions } from '../../output.js'
import { requireInteger } from '../../option-values.js'

interface DescribeArguments extends GlobalOptions {
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  readonly batch: number
  readonly layers: boolean
}

const number = { type: 'number', requiresArg: true } as const

export const describeNetwork: CommandModule<GlobalOptions, DescribeArguments> = {
  command: 'describe <encoding>',
  describe: "Cost, stages, training memory and, if wanted, layers of a network; the encoding comes out in its canonical form",
  builder: (yargs) =>
    yargs
      .positional('encoding', { type: 'string', demandOption: true, coerce: revealDashedWord, describe: 'The network: BLOCK_C0_MACRO' })
      .options({
        resolution: { ...number, default: 224, describe: 'Side of the square input, pixels' },
        classes: { ...number, default: 1000, describe: 'Outputs of the network' },
        batch: { ...number, default: 64, describe: 'Images in a step, for the memory of a training' },
        layers: { type: 'boolean', default: false, describe: 'List every layer with its output and cost' },
      })
      .example('$0 space describe 10001-_64_411-2111-211111-211', 'ResNet-50')
      .example('$0 space describe 031-_32_1-1-221-11121 --resolution 64 --classes 20 --layers', 'layer by layer, small images')
      .example('$0 space describe 020-_64_1-1 --json', 'exact integers for a script'),
  handler: async ({ json, encoding, resolution, classes, batch, layers }) => {
    requireInteger('resolution', resolution, [1, 16_384])
    requireInteger('classes', classes, [1, 1_000_000])
    requireInteger('batch', batch, [1, 65_536])
    const { describe, report } = await import('../../space/description.js')
    const { writeLines } = await import('../../space/write-lines.js')
    const description = describe(encoding, { resolution, classes }, batch, layers)
    await writeLines([json ? JSON.stringify(description) : report(description)])
  },
}
