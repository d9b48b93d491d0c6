import type { Genome } from '../space/genome.js'
import { type BlockPlan, type ConvolutionPlan, planBlocks } from './block-plan.js'
import { type NetworkCost, addCosts } from './cost.js'
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

function convolutionCost(plan: ConvolutionPlan, side: number, followedByBn: boolean): NetworkCost {
  const weights = (plan.kernel ** 2 * plan.inputChannels * plan.outputChannels) / plan.groups
  const pixels = strided(side, plan.stride) ** 2
  return {
    params: weights + (followedByBn ? 2 * plan.outputChannels : 0),
    macs: weights * pixels,
    activations: plan.outputChannels * pixels,
  }
}

/** Cost of one block on a square input of the given side. */
export function blockCost({ places }: BlockPlan, side: number): NetworkCost {
  const costs: NetworkCost[] = []
  const sideAt = (place: number): number => (place === 0 ? side : strided(side, places[place - 1].stride))
  places.forEach(({ convolutions, merges }, index) => {
    let inner = sideAt(index)
    convolutions.forEach((plan, position) => {
      costs.push(convolutionCost(plan, inner, position === convolutions.length - 1))
      inner = strided(inner, plan.stride)
    })
    for (const { projection, skip } of merges) if (projection !== null) costs.push(convolutionCost(projection, sideAt(skip.from), true))
  })
  return costs.reduce(addCosts)
}

/**
 * Cost after the stem, after each block and, last, of the whole network, cumulative: blocks + 2 entries.
 * Beyond 2^53 the entries are rounded, never below 2^53: sums and products of non-negative doubles are monotone.
 */
export function cumulativeCosts(genome: Genome, size: InputSize): readonly NetworkCost[] {
  checkInputSize(size)
  let side = size.resolution
  let total: NetworkCost = { params: 0, macs: 0, activations: 0 }
  for (const plan of stemConvolutions(genome.stemChannels)) {
    total = addCosts(total, convolutionCost(plan, side, true))
    side = strided(side, plan.stride)
  }
  const totals = [total]
  const known = new Map<BlockPlan, { readonly side: number; readonly cost: NetworkCost }>()
  let width = genome.stemChannels
  for (const plan of planBlocks(genome)) {
    const before = known.get(plan)
    const cost = before?.side === side ? before.cost : blockCost(plan, side)
    known.set(plan, { side, cost })
    total = addCosts(total, cost)
    totals.push(total)
    side = strided(side, plan.stride)
    width = plan.outputChannels
  }
  const { classes } = size
  totals.push(addCosts(total, { params: (width + 1) * classes, macs: width * classes, activations: classes }))
  return totals
}

/** Equal to `networkCost(buildLayerGraph(genome, size))`, without building the layers: for searches, which count many networks. */
export function genomeCost(genome: Genome, size: InputSize): NetworkCost {
  const costs = cumulativeCosts(genome, size)
  return costs[costs.length - 1]
}
