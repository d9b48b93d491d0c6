import { buildLayerGraph } from '../../shared/network/build.js'
import { networkCost } from '../../shared/network/cost.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { parseGenome } from '../../shared/space/parse.js'

/** Six networks of the space, from the smallest that is worth a search to the size of ResNet-50, with every kind of operation. */
export const comparedNetworks: readonly string[] = [
  '031-_32_1-1-221-11121',
  '020-_32_1-1-221-11121',
  '2-_32_2-11-112-1121112',
  '211-_64_41-211-121-11111121',
  '23311-a02c12_64_211-2111-2111-211',
  '64025-a23a13_64_1-21-1',
]

/** What is timed: a network at one batch size and resolution. */
export interface Cell {
  readonly encoding: string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
}

/** All combinations, those with the fewest pixels first. @throws InvalidInputError for an encoding that is none */
export function cellsOf(networks: readonly string[], batches: readonly number[], resolutions: readonly number[], classes: number): Cell[] {
  const sizes = resolutions.flatMap((resolution) => batches.map((batch) => ({ batch, resolution })))
  sizes.sort((a, b) => a.batch * a.resolution ** 2 - b.batch * b.resolution ** 2)
  const encodings = networks.map((text) => canonicalEncoding(parseGenome(text)))
  return sizes.flatMap((size) => encodings.map((encoding) => ({ encoding, ...size, classes })))
}

/** Multiply-accumulates of a forward pass of the whole batch: what a cell's time goes by, roughly. */
export function cellWork({ encoding, batch, resolution, classes }: Cell): number {
  return batch * networkCost(buildLayerGraph(parseGenome(encoding), { resolution, classes })).macs
}

export function cellName({ encoding, batch, resolution }: Cell): string {
  return `${encoding}, batch ${batch}, ${resolution} px`
}
