import { genomeCost } from '../network/genome-cost.js'
import type { InputSize } from '../network/input-size.js'
import { stagesOf } from '../network/stages.js'
import type { Genome, Operation, Skip } from './genome.js'

/** Both ends included. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** The part of the search space that a search may use. Plain JSON. */
export interface SpaceBounds {
  /** Operations that may occur in a block. */
  readonly operations: readonly Operation[]
  /** Operations in a block, 1..3. */
  readonly operationsPerBlock: Range
  /** Width ratios that may occur, 0..4. */
  readonly ratios: readonly number[]
  /** Written skips of a block; the residual that is always there does not count. */
  readonly skips: Range
  readonly skipKinds: readonly Skip['kind'][]
  /** Stem output channels to choose from. */
  readonly stemChannels: readonly number[]
  /** Multipliers that widen, 2..9; 1 is always allowed. */
  readonly multipliers: readonly number[]
  /** Blocks of the whole network, 1..256. */
  readonly blocks: Range
  readonly blocksPerStage: Range
  /** Blocks with stride 2: the number of "-" in the macro string. */
  readonly downsamplings: Range
  /** Blocks whose multiplier is not 1. */
  readonly doublings: Range
  /** Output channels of the last block. */
  readonly finalWidth: Range
  /** Cost at `measuredAt`. */
  readonly params: Range
  readonly macs: Range
  readonly measuredAt: InputSize
}

export const unlimited: Range = { min: 0, max: Number.MAX_SAFE_INTEGER }

/** Around the released networks, all 34 of which are inside, and the random macro strings of the authors' later code. */
export const defaultBounds: SpaceBounds = {
  operations: [0, 1, 2, 3, 4, 5, 6],
  operationsPerBlock: { min: 1, max: 3 },
  ratios: [0, 1, 2, 3, 4],
  skips: { min: 0, max: 2 },
  skipKinds: ['add', 'concat'],
  stemChannels: [32, 48, 64, 128],
  multipliers: [2, 4],
  blocks: { min: 10, max: 47 },
  blocksPerStage: { min: 1, max: 30 },
  downsamplings: { min: 2, max: 3 },
  doublings: { min: 2, max: 6 },
  finalWidth: { min: 256, max: 2048 },
  params: unlimited,
  macs: unlimited,
  measuredAt: { resolution: 224, classes: 1000 },
}

type Check = (genome: Genome, bounds: SpaceBounds) => string | null

function outside(value: number, { min, max }: Range, what: string): string | null {
  if (value >= min && value <= max) return null
  return `${value} ${what}, outside ${min}..${max}`
}

function unlisted<T extends string | number>(values: readonly T[], allowed: readonly T[], what: string): string | null {
  const found = values.find((value) => !allowed.includes(value))
  return found === undefined ? null : `${what} ${found} is not among ${allowed.join(', ') || 'none'}`
}

const writtenSkips = ({ block: { operations, skips } }: Genome): readonly Skip[] =>
  skips.filter(({ from, to }) => !(from === 0 && to === operations.length))

const blockChecks: readonly Check[] = [
  ({ block }, { operations }) => unlisted(block.operations, operations, 'operation'),
  ({ block }, { operationsPerBlock }) => outside(block.operations.length, operationsPerBlock, 'operations in a block'),
  ({ block }, { ratios }) => unlisted(block.ratios, ratios, 'ratio'),
  (genome, { skips }) => outside(writtenSkips(genome).length, skips, 'skips'),
  (genome, { skipKinds }) => unlisted(writtenSkips(genome).map(({ kind }) => kind), skipKinds, 'skip kind'),
]

const macroChecks: readonly Check[] = [
  ({ stemChannels }, bounds) => unlisted([stemChannels], bounds.stemChannels, 'stem width'),
  ({ macro }, { multipliers }) => unlisted(macro.map(({ multiplier }) => multiplier), [1, ...multipliers], 'multiplier'),
  ({ macro }, { blocks }) => outside(macro.length, blocks, 'blocks'),
  ({ macro }, { downsamplings }) => outside(macro.filter(({ stride }) => stride === 2).length, downsamplings, 'downsamplings'),
  ({ macro }, { doublings }) => outside(macro.filter(({ multiplier }) => multiplier > 1).length, doublings, 'doublings'),
  ({ macro, stemChannels }, { finalWidth }) =>
    outside(macro.reduce((width, { multiplier }) => width * multiplier, stemChannels), finalWidth, 'channels at the end'),
  (genome, { blocksPerStage }) => {
    const found = stagesOf(genome).find(({ blocks }) => blocks < blocksPerStage.min || blocks > blocksPerStage.max)
    return found === undefined ? null : outside(found.blocks, blocksPerStage, 'blocks in a stage')
  },
]

const isUnlimited = ({ min, max }: Range): boolean => min <= 0 && max >= Number.MAX_SAFE_INTEGER

function costReason(genome: Genome, { params, macs, measuredAt }: SpaceBounds): string | null {
  if (isUnlimited(params) && isUnlimited(macs)) return null
  const cost = genomeCost(genome, measuredAt)
  return outside(cost.params, params, 'params') ?? outside(cost.macs, macs, 'MACs')
}

function firstReason(checks: readonly Check[], genome: Genome, bounds: SpaceBounds): string | null {
  for (const check of checks) {
    const reason = check(genome, bounds)
    if (reason !== null) return reason
  }
  return null
}

/** What was found last: the children of a mutated block, and the canonical form of each, have the macro half of their parent. */
let lastMacro: { readonly macro: Genome['macro']; readonly stemChannels: number; readonly bounds: SpaceBounds; readonly reason: string | null } | null = null

/** Why the macro half of a genome, valid or not, is outside the bounds; costs little. */
export function macroBoundsViolation(genome: Genome, bounds: SpaceBounds): string | null {
  const { macro, stemChannels } = genome
  if (lastMacro?.macro === macro && lastMacro.stemChannels === stemChannels && lastMacro.bounds === bounds) return lastMacro.reason
  const reason = firstReason(macroChecks, genome, bounds)
  lastMacro = { macro, stemChannels, bounds, reason }
  return reason
}

/** Why a valid genome, as it is written, is outside the bounds; null = inside. */
export function boundsViolation(genome: Genome, bounds: SpaceBounds): string | null {
  return firstReason(blockChecks, genome, bounds) ?? macroBoundsViolation(genome, bounds) ?? costReason(genome, bounds)
}
