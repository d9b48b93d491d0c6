import type { Genome } from '../space/genome.js'
import { type BlockPlan, type ConvolutionPlan, planBlocks } from './block-plan.js'
import type { NetworkCost } from './cost.js'
import { type InputSize, checkInputSize, strided } from './input-size.js'

/** The stem: 3x3 convolutions, as (input channels, output channels, stride). */
export function stemConvolutions(stemChannels: number): readonly ConvolutionPlan[] {
  const half = stemChannels / 2
  return [
    { kernel: 3, stride: 2, groups: 1, inputChannels: 3, outputChannels: half },
    { kernel: 3, stride: 1, groups: 1, inputChannels: half, outputChannels: half },
    { kernel: 3, stride: 2, groups: 1, inputChannels: half, outputChannels: stemChannels },
  ]
}

/** Adds costs up in place: searches count hundreds of thousands of networks, and an object for each convolution takes longer than its count. */
class CostSum implements NetworkCost {
  params = 0
  macs = 0
  activations = 0

  add({ params, macs, activations }: NetworkCost): void {
    this.params += params
    this.macs += macs
    this.activations += activations
  }

  /** @param side of its square input */
  addConvolution({ kernel, stride, groups, inputChannels, outputChannels }: ConvolutionPlan, side: number, followedByBn: boolean): void {
    const weights = (kernel ** 2 * inputChannels * outputChannels) / groups
    const pixels = strided(side, stride) ** 2
    this.params += weights + (followedByBn ? 2 * outputChannels : 0)
    this.macs += weights * pixels
    this.activations += outputChannels * pixels
  }
}

/** Cost of one block on a square input of the given side. */
function blockCost({ places }: BlockPlan, side: number): NetworkCost {
  const sum = new CostSum()
  const sideAt = (place: number): number => (place === 0 ? side : strided(side, places[place - 1].stride))
  for (const [index, { convolutions, merges }] of places.entries()) {
    let inner = sideAt(index)
    for (const plan of convolutions) {
      sum.addConvolution(plan, inner, plan === convolutions[convolutions.length - 1])
      inner = strided(inner, plan.stride)
    }
    for (const { projection, skip } of merges) if (projection !== null) sum.addConvolution(projection, sideAt(skip.from), true)
  }
  return sum
}

interface CountedBlock {
  readonly plan: BlockPlan
  readonly side: number
  readonly cost: NetworkCost
}

/** @param each told the cost so far after the stem and after each block */
function sumCosts(genome: Genome, size: InputSize, each?: (sofar: NetworkCost) => void): NetworkCost {
  checkInputSize(size)
  const total = new CostSum()
  let side = size.resolution
  for (const plan of stemConvolutions(genome.stemChannels)) {
    total.addConvolution(plan, side, true)
    side = strided(side, plan.stride)
  }
  each?.(total)
  let width = genome.stemChannels
  // Blocks that are alike and have inputs of one size stand next to each other: between them nothing widens or shrinks.
  let last: CountedBlock | undefined
  for (const plan of planBlocks(genome)) {
    last = last?.plan === plan && last.side === side ? last : { plan, side, cost: blockCost(plan, side) }
    total.add(last.cost)
    each?.(total)
    side = strided(side, plan.stride)
    width = plan.outputChannels
  }
  const { classes } = size
  total.add({ params: (width + 1) * classes, macs: width * classes, activations: classes })
  return total
}

/** Equal to `networkCost(buildLayerGraph(genome, size))`, without building the layers: for searches, which count many networks. */
export function genomeCost(genome: Genome, size: InputSize): NetworkCost {
  const { params, macs, activations } = sumCosts(genome, size)
  return { params, macs, activations }
}

/**
 * Cost after the stem, after each block and, last, of the whole network, cumulative: blocks + 2 entries.
 * Beyond 2^53 the entries are rounded, never below 2^53: sums and products of non-negative doubles are monotone.
 */
export function cumulativeCosts(genome: Genome, size: InputSize): readonly NetworkCost[] {
  const totals: NetworkCost[] = []
  const total = sumCosts(genome, size, (sofar) => totals.push({ ...sofar }))
  return [...totals, total]
}
