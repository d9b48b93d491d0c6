import type { BlockGenome, Genome, Operation, Skip } from '../space/genome.js'

/** One convolution of a block, before its resolution is known. */
export interface ConvolutionPlan {
  readonly kernel: 1 | 3
  readonly stride: 1 | 2
  readonly groups: number
  readonly inputChannels: number
  readonly outputChannels: number
}

/** A skip that is merged into a place. */
export interface MergePlan {
  readonly skip: Skip
  readonly projection: ConvolutionPlan | null
  /** Channels of the place after this merge. */
  readonly channels: number
}

/** Place i of a block: the output of operation i with the skips into it merged. */
export interface PlacePlan {
  /** Two for a separable operation (depthwise, then 1x1), otherwise one; BN follows the last. */
  readonly convolutions: readonly ConvolutionPlan[]
  readonly merges: readonly MergePlan[]
  readonly channels: number
  /** Stride from the block's input to this place. */
  readonly stride: 1 | 2
}

export interface BlockPlan {
  readonly inputChannels: number
  readonly outputChannels: number
  readonly stride: 1 | 2
  /** Places 1..n, one for each operation. */
  readonly places: readonly PlacePlan[]
}

/** Groups of an operation's first convolution; 0 for operation 5 below 32 input channels, which is invalid. */
export function groupsOf(operation: Operation, inputChannels: number): number {
  switch (operation) {
    case 2:
      return 2
    case 3:
      return 4
    case 4:
    case 6:
      return inputChannels
    case 5:
      return Math.floor(inputChannels / 32)
    default:
      return 1
  }
}

/** The convolutions that an operation stands for. */
function planOperation(
  operation: Operation,
  inputChannels: number,
  outputChannels: number,
  stride: 1 | 2,
): readonly ConvolutionPlan[] {
  const groups = groupsOf(operation, inputChannels)
  if (operation !== 6) return [{ kernel: operation === 1 ? 1 : 3, stride, groups, inputChannels, outputChannels }]
  return [
    { kernel: 3, stride, groups, inputChannels, outputChannels: inputChannels },
    { kernel: 1, stride: 1, groups: 1, inputChannels, outputChannels },
  ]
}

/** Operation that carries the block's stride: the first that is not a 1x1, otherwise the last. */
function strideOperation(operations: readonly Operation[]): number {
  const first = operations.findIndex((operation) => operation !== 1)
  return first === -1 ? operations.length - 1 : first
}

/** Skips in the order in which they are merged: by target place, stable, the implied residual last. */
function mergeOrder({ operations, skips }: BlockGenome): readonly Skip[] {
  const last = operations.length
  const written = skips.filter(({ from, to }) => !(from === 0 && to === last))
  return [...written.sort((a, b) => a.to - b.to), { kind: 'add', from: 0, to: last }]
}

function planMerge(skip: Skip, source: Pick<PlacePlan, 'channels' | 'stride'>, channels: number, stride: 1 | 2): MergePlan {
  const sameStride = source.stride === stride
  const projectedChannels = skip.kind === 'add' ? channels : source.channels
  const projection: ConvolutionPlan | null =
    sameStride && source.channels === projectedChannels
      ? null
      : { kernel: 1, stride: sameStride ? 1 : 2, groups: 1, inputChannels: source.channels, outputChannels: projectedChannels }
  return { skip, projection, channels: skip.kind === 'add' ? channels : channels + source.channels }
}

/** A block, what of it is the same at all widths, and its plans at those that were asked for. */
interface PlannedBlock {
  readonly block: BlockGenome
  /** In the order in which they are merged. */
  readonly skips: readonly Skip[]
  /** Index of the operation that carries the stride. */
  readonly strideAt: number
  /** By channels and stride. */
  readonly plans: Map<number, BlockPlan>
}

/** Convolutions and merges of a block. Asks nothing of validity, so that the group rules can be checked on the result. */
function planBlock({ block, skips, strideAt }: PlannedBlock, inputChannels: number, outputChannels: number, stride: 1 | 2): BlockPlan {
  const places: Pick<PlacePlan, 'channels' | 'stride'>[] = [{ channels: inputChannels, stride: 1 }]
  const planned = block.operations.map((operation, index): PlacePlan => {
    const width = index < block.ratios.length ? (outputChannels * 2 ** block.ratios[index]) / 4 : outputChannels
    const placeStride = index >= strideAt ? stride : 1
    const convolutions = planOperation(operation, places[index].channels, width, index === strideAt ? stride : 1)
    const merges: MergePlan[] = []
    for (const skip of skips) {
      if (skip.to === index + 1) merges.push(planMerge(skip, places[skip.from], merges.at(-1)?.channels ?? width, placeStride))
    }
    const place = { convolutions, merges, channels: merges.at(-1)?.channels ?? width, stride: placeStride } as const
    places.push(place)
    return place
  })
  return { inputChannels, outputChannels, stride, places: planned }
}

/** Arguments whose results are remembered. */
const mostRemembered = 4

/**
 * The function, which remembers its results for its last few arguments. Rules, canonical form and cost of a candidate each ask for its
 * plan, one soon after the other, so few suffice. Not a WeakMap: a search plans thousands of genomes a second, and each would outlive
 * its first collection.
 */
function rememberingLast<Argument, Result>(find: (argument: Argument) => Result): (argument: Argument) => Result {
  const last: { readonly argument: Argument; readonly result: Result }[] = []
  return (argument) => {
    const known = last.find((each) => each.argument === argument)
    if (known !== undefined) return known.result
    const result = find(argument)
    last.unshift({ argument, result })
    last.length = Math.min(last.length, mostRemembered)
    return result
  }
}

/** Remembered, since half of a search's mutations leave the block as it is. */
const plannedBlock = rememberingLast((block: BlockGenome): PlannedBlock => {
  return { block, skips: mergeOrder(block), strideAt: strideOperation(block.operations), plans: new Map() }
})

/** The plan of each block of the network. Alike blocks share one object: networks repeat few distinct blocks. */
export const planBlocks: (genome: Genome) => readonly BlockPlan[] = rememberingLast(planAnew)

function planAnew({ block, stemChannels, macro }: Genome): readonly BlockPlan[] {
  const planned = plannedBlock(block)
  let width = stemChannels
  return macro.map(({ multiplier, stride }) => {
    const inputChannels = width
    width *= multiplier
    // A multiplier is one digit.
    const key = (inputChannels * 10 + multiplier) * 2 + stride
    const known = planned.plans.get(key)
    if (known !== undefined) return known
    const plan = planBlock(planned, inputChannels, width, stride)
    planned.plans.set(key, plan)
    return plan
  })
}
