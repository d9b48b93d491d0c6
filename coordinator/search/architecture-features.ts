import { genomeCost } from '../../shared/network/genome-cost.js'
import type { InputSize } from '../../shared/network/input-size.js'
import { stagesOf } from '../../shared/network/stages.js'
import type { BlockGenome, Genome } from '../../shared/space/genome.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

const operations = [0, 1, 2, 3, 4, 5, 6] as const
const operationPlaces = 3
/** Output strides 4, 8, 16, 32 and all beyond. */
const stageSlots = 5

const count = <T>(items: readonly T[], wanted: (item: T) => boolean): number => items.filter(wanted).length

function blockFeatures({ operations: ops, ratios, skips }: BlockGenome): number[] {
  return [
    ...operations.map((operation) => count(ops, (each) => each === operation) / operationPlaces),
    ops.length / operationPlaces,
    ratios.length === 0 ? 0.5 : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length / 4,
    count(skips, ({ kind, from, to }) => kind === 'add' && !(from === 0 && to === ops.length)) / 2,
    count(skips, ({ kind }) => kind === 'concat') / 2,
  ]
}

function macroFeatures(genome: Genome): number[] {
  const depth = new Array<number>(stageSlots).fill(0)
  const width = new Array<number>(stageSlots).fill(0)
  for (const stage of stagesOf(genome)) {
    const slot = Math.min(stageSlots, Math.log2(stage.stride) - 1) - 1
    depth[slot] += Math.log2(1 + stage.blocks) / 5
    width[slot] = Math.log2(stage.width) / 6
  }
  return [Math.log2(genome.stemChannels) / 6, ...depth, ...width, Math.log2(1 + genome.macro.length) / 5]
}

function costFeatures(genome: Genome, size: InputSize): number[] {
  const { params, macs, activations } = genomeCost(genome, size)
  return [params, macs, activations].map((value) => Math.log(value) / 4)
}

/** Which operation is in each place, one-hot: one group a place, "none" being all zeros. */
function placeFeatures({ operations: ops }: BlockGenome): number[] {
  return Array.from({ length: operationPlaces }, (_, place) => operations.map((operation) => (ops[place] === operation ? Math.SQRT1_2 : 0))).flat()
}

const scalarColumns = operations.length + 4 + 2 + 2 * stageSlots + 3

/** Each number has a relevance of its own; the columns of one place share one. */
export const architectureFeatureLayout: FeatureLayout = {
  groups: scalarColumns + operationPlaces,
  groupOfColumn: [
    ...Array.from({ length: scalarColumns }, (_, column) => column),
    ...Array.from({ length: operationPlaces * operations.length }, (_, i) => scalarColumns + Math.floor(i / operations.length)),
  ],
}

/** Operation and ratio counts, skips, depth and width a stage, log params, MACs and activations, and the operations by place. */
export function architectureFeatures(genome: Genome, size: InputSize): number[] {
  return [...blockFeatures(genome.block), ...macroFeatures(genome), ...costFeatures(genome, size), ...placeFeatures(genome.block)]
}
