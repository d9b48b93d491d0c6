import type { CommandModule } from 'yargs'
import type { GlobalOptions } from '../../output.js'
import { type BoundsArguments, boundsOf, boundsOptions } from '../../space/bounds-options.js'
import { requireInteger, seeds } from '../../option-values.js'

interface SampleArguments extends GlobalOptions, BoundsArguments {
  readonly count: number
  readonly seed: number
  readonly spread: boolean
}

const number = { type: 'number', requiresArg: true } as const

export const sampleNetworks: CommandModule<GlobalOptions, SampleArguments> = {
  command: 'sample',
  describe: 'Random networks, valid and canonical; equal seeds give equal lines',
  builder: (yargs) =>
    yargs
      .options({
        count: { ...number, default: 1, describe: 'How many' },
        seed: { ...number, default: 0, describe: 'Of the random generator' },
        spread: { type: 'boolean', default: false, describe: 'Distinct networks, spread evenly over the range of log MACs' },
        ...boundsOptions,
      })
      .example('$0 space sample --count 10 --seed 7', 'ten networks around the released ones')
      .example('$0 space sample --count 5 --macs 500M..1G --operations 0,1 --skips 0', 'within bounds')
      .example('$0 space sample --count 24 --spread --resolution 32 --classes 10 --json', 'small and large alike'),
  handler: async ({ json, count, seed, spread, ...given }) => {
    requireInteger('count', count, [1, 1_000_000])
    requireInteger('seed', seed, seeds)
    const { defaultBounds } = await import('../../../shared/space/bounds.js')
    const { randomEncodings } = await import('../../space/random-networks.js')
    const { writeLines } = await import('../../space/write-lines.js')
    const encodings = randomEncodings({ count, seed, spread, bounds: boundsOf(given, defaultBounds) })
    await writeLines(encodings, (encoding) => (json ? JSON.stringify({ encoding }) : encoding))
  },
}
