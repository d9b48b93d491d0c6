import { genomeCost } from '../network/genome-cost.js'
import { stagesOf } from '../network/stages.js'
import type { Range, SpaceBounds } from './bounds.js'
import type { Genome } from './genome.js'

const including = ({ min, max }: Range, ...values: readonly number[]): Range => ({ min: Math.min(min, ...values), max: Math.max(max, ...values) })

function joined<T>(listed: readonly T[], values: readonly T[]): T[] {
  return [...new Set([...listed, ...values])]
}

/** The smallest bounds that hold the given ones and the genome as well: for a network that comes from outside a search. */
export function widenBounds(bounds: SpaceBounds, genome: Genome): SpaceBounds {
  const { block, stemChannels, macro } = genome
  const multipliers = macro.map(({ multiplier }) => multiplier).filter((multiplier) => multiplier > 1)
  const skips = block.skips.filter(({ from, to }) => from !== 0 || to !== block.operations.length)
  const { params, macs } = genomeCost(genome, bounds.measuredAt)
  return {
    operations: joined(bounds.operations, block.operations),
    operationsPerBlock: including(bounds.operationsPerBlock, block.operations.length),
    ratios: joined(bounds.ratios, block.ratios),
    skips: including(bounds.skips, skips.length),
    skipKinds: joined(bounds.skipKinds, skips.map(({ kind }) => kind)),
    stemChannels: joined(bounds.stemChannels, [stemChannels]),
    multipliers: joined(bounds.multipliers, multipliers),
    blocks: including(bounds.blocks, macro.length),
    blocksPerStage: including(bounds.blocksPerStage, ...stagesOf(genome).map(({ blocks }) => blocks)),
    downsamplings: including(bounds.downsamplings, macro.filter(({ stride }) => stride === 2).length),
    doublings: including(bounds.doublings, multipliers.length),
    finalWidth: including(bounds.finalWidth, multipliers.reduce((width, multiplier) => width * multiplier, stemChannels)),
    params: including(bounds.params, params),
    macs: including(bounds.macs, macs),
    measuredAt: bounds.measuredAt,
  }
}
