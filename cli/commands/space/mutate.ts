import type { CommandModule } from 'yargs'
import { revealDashedWord } from '../../dashed-words.js'
import { type GlobalOptions, UsageError } from '../../output.js'
import { type BoundsArguments, boundsOf, boundsOptions } from '../../space/bounds-options.js'
import { requireInteger, seeds } from '../../option-values.js'

interface MutateArguments extends GlobalOptions, BoundsArguments {
  readonly encoding: string
  readonly count: number
  readonly seed: number
  readonly operator: string | undefined
}

const number = { type: 'number', requiresArg: true } as const

export const mutateNetwork: CommandModule<GlobalOptions, MutateArguments> = {
  command: 'mutate <encoding>',
  describe: 'Networks one random step away from a given one, with the operator that made each; equal seeds give equal lines',
  builder: (yargs) =>
    yargs
      .positional('encoding', { type: 'string', demandOption: true, coerce: revealDashedWord, describe: 'The parent: BLOCK_C0_MACRO' })
      .options({
        count: { ...number, default: 1, describe: 'How many' },
        seed: { ...number, default: 0, describe: 'Of the random generator' },
        operator: { type: 'string', requiresArg: true, describe: 'Only this one, for example insert_block; default: any' },
        ...boundsOptions,
      })
      .example('$0 space mutate 020-_64_1-1 --count 10 --seed 3', 'ten children')
      .example('$0 space mutate 020-_64_1-1 --operator add_skip --skip-kinds concat --json', 'one operator, one kind of skip')
      .epilogue('Bounds that are not given are the defaults, widened where the parent lies outside them.'),
  handler: async ({ json, encoding, count, seed, operator, ...given }) => {
    requireInteger('count', count, [1, 1_000_000])
    requireInteger('seed', seed, seeds)
    const { defaultBounds } = await import('../../../shared/space/bounds.js')
    const { mutationOperators } = await import('../../../shared/space/mutate.js')
    const { parseGenome } = await import('../../../shared/space/parse.js')
    const { widenBounds } = await import('../../../shared/space/widen-bounds.js')
    const { mutations } = await import('../../space/random-networks.js')
    const { writeLines } = await import('../../space/write-lines.js')
    const operators = mutationOperators.filter((name) => operator === undefined || name === operator)
    if (operators.length === 0) throw new UsageError(`--operator must be one of ${mutationOperators.join(', ')}`)
    const parent = parseGenome(encoding)
    const bounds = boundsOf(given, widenBounds(defaultBounds, parent))
    const children = mutations({ parent, count, seed, bounds, operators })
    await writeLines(children, (child) => (json ? JSON.stringify(child) : `${child.encoding}\t${child.operator}`))
  },
}
