import { z } from 'zod'
import { InvalidInputError, messageOf } from '../errors.js'
import { defaultBounds, type Range, type SpaceBounds } from '../space/bounds.js'
import type { Operation } from '../space/genome.js'
import { validateBounds } from '../space/validate-bounds.js'

/** A range of which either end may be left out; then the default's end holds. */
function range(fallback: Range, description: string) {
  return z
    .strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() })
    .prefault({})
    .transform(({ min = fallback.min, max = fallback.max }): Range => ({ min, max }))
    .describe(description)
}

function listOf<Item extends z.ZodType<string | number>>(item: Item, fallback: readonly z.output<Item>[], description: string) {
  return z
    .array(item)
    .refine((items) => new Set(items).size === items.length, 'name each value once')
    .default([...fallback])
    .describe(description)
}

const operation = z.int().min(0).max(6).transform((id) => id as Operation)

/** Part of the search space that a search uses; the defaults are those of shared/space/bounds.ts. */
export const spaceSchema = z
  .strictObject({
    operations: z
      .array(operation)
      .nonempty()
      .refine((items) => new Set(items).size === items.length, 'name each value once')
      .default([...defaultBounds.operations] as [Operation, ...Operation[]])
      .describe('Operation ids that may occur in a block'),
    operationsPerBlock: range(defaultBounds.operationsPerBlock, 'Operations in a block, 1..3'),
    ratios: listOf(z.int().min(0).max(4), defaultBounds.ratios, 'Width ratios that may occur, 0..4'),
    skips: range(defaultBounds.skips, 'Written skips of a block, beside the residual that is always there'),
    skipKinds: listOf(z.enum(['add', 'concat']), defaultBounds.skipKinds, 'Kinds of skip that may occur'),
    stemChannels: listOf(z.int().min(2).max(4096), defaultBounds.stemChannels, 'Widths of the stem to choose from'),
    multipliers: listOf(z.int().min(2).max(9), defaultBounds.multipliers, 'Multipliers that widen; 1 is always allowed'),
    blocks: range(defaultBounds.blocks, 'Blocks of the whole network'),
    blocksPerStage: range(defaultBounds.blocksPerStage, 'Blocks between two downsamplings'),
    downsamplings: range(defaultBounds.downsamplings, 'Blocks with stride 2'),
    doublings: range(defaultBounds.doublings, 'Blocks that widen'),
    finalWidth: range(defaultBounds.finalWidth, 'Channels of the last block'),
    params: range(defaultBounds.params, 'Parameters, at measuredAt'),
    macs: range(defaultBounds.macs, 'Multiply-accumulates of one image, at measuredAt'),
    measuredAt: z
      .strictObject({ resolution: z.int().min(8).max(1024), classes: z.int().min(2).max(100_000) })
      .default(defaultBounds.measuredAt)
      .describe('Image side and classes at which params and macs are counted'),
  })
  .prefault({})
  .transform((bounds, context): SpaceBounds => {
    try {
      validateBounds(bounds)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
    return bounds
  })
