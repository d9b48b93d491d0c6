import type { Options } from 'yargs'
import type { Range, SpaceBounds } from '../../shared/space/bounds.js'
import type { Operation, Skip } from '../../shared/space/genome.js'
import { UsageError } from '../output.js'
import { requireInteger } from '../option-values.js'

const text = { type: 'string', requiresArg: true, group: 'Bounds (lists as 0,1,2; ranges as 4, 1..4, 1.. or ..4, with k, M or G):' } as const
const number = { ...text, type: 'number' } as const

/** Bounds of the search space as options of a command. Those that are left out keep their defaults. */
export const boundsOptions = {
  operations: { ...text, describe: 'Operations that may occur, 0 to 6' },
  'operations-per-block': { ...text, describe: 'Range, 1 to 3' },
  ratios: { ...text, describe: 'Width ratios that may occur, 0 to 4' },
  skips: { ...text, describe: 'Range of skips besides the residual' },
  'skip-kinds': { ...text, describe: 'add, concat or both' },
  'stem-channels': { ...text, describe: 'Widths of the stem to choose from' },
  multipliers: { ...text, describe: 'Multipliers that widen, 2 to 9' },
  blocks: { ...text, describe: 'Range of blocks in the network' },
  'blocks-per-stage': { ...text, describe: 'Range of blocks at one output stride' },
  downsamplings: { ...text, describe: 'Range of blocks with stride 2' },
  doublings: { ...text, describe: 'Range of blocks that widen' },
  'final-width': { ...text, describe: 'Range of channels of the last block' },
  params: { ...text, describe: 'Range of parameters' },
  macs: { ...text, describe: 'Range of multiply-accumulates' },
  resolution: { ...number, describe: 'Side of the square input for params and macs, pixels; default 224' },
  classes: { ...number, describe: 'Outputs of the network for params and macs; default 1000' },
} as const satisfies Record<string, Options>

/** What `boundsOptions` parse to. */
export interface BoundsArguments {
  readonly operations?: string | undefined
  readonly operationsPerBlock?: string | undefined
  readonly ratios?: string | undefined
  readonly skips?: string | undefined
  readonly skipKinds?: string | undefined
  readonly stemChannels?: string | undefined
  readonly multipliers?: string | undefined
  readonly blocks?: string | undefined
  readonly blocksPerStage?: string | undefined
  readonly downsamplings?: string | undefined
  readonly doublings?: string | undefined
  readonly finalWidth?: string | undefined
  readonly params?: string | undefined
  readonly macs?: string | undefined
  readonly resolution?: number | undefined
  readonly classes?: number | undefined
}

const scales: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 }

function parseNumber(option: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKMG]?)$/.exec(value)
  if (match === null) throw new UsageError(`--${option}: expected a number, got "${value}"`)
  return Math.round(Number(match[1]) * scales[match[2]])
}

/** @throws UsageError for text that is no range */
export function parseRange(option: string, value: string, open: Range): Range {
  if (!value.includes('..')) return { min: parseNumber(option, value), max: parseNumber(option, value) }
  const [min, max, ...more] = value.split('..')
  if (more.length > 0 || value === '..') throw new UsageError(`--${option}: expected a range such as 1..4, got "${value}"`)
  return { min: min === '' ? open.min : parseNumber(option, min), max: max === '' ? open.max : parseNumber(option, max) }
}

function parseNumbers(option: string, value: string): number[] {
  return value === '' ? [] : value.split(',').map((item) => parseNumber(option, item.trim()))
}

/** An option given twice comes as a list. */
function requireOnce(option: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new UsageError(`--${option} is given twice: use one list or range`)
}

/** @throws UsageError for text that does not parse; whether the bounds make sense is for `validateBounds` to say */
export function boundsOf(given: BoundsArguments, base: SpaceBounds): SpaceBounds {
  const range = (option: string, value: string | undefined, known: Range): Range => {
    const once = requireOnce(option, value)
    return once === undefined ? known : parseRange(option, once, known)
  }
  const list = <T extends number>(option: string, value: string | undefined, known: readonly T[]): readonly T[] => {
    const once = requireOnce(option, value)
    return once === undefined ? known : (parseNumbers(option, once) as T[])
  }
  const kinds = requireOnce('skip-kinds', given.skipKinds)
  const { resolution = base.measuredAt.resolution, classes = base.measuredAt.classes } = given
  requireInteger('resolution', resolution, [1, 16_384])
  requireInteger('classes', classes, [1, 1_000_000])
  return {
    operations: list<Operation>('operations', given.operations, base.operations),
    operationsPerBlock: range('operations-per-block', given.operationsPerBlock, base.operationsPerBlock),
    ratios: list('ratios', given.ratios, base.ratios),
    skips: range('skips', given.skips, base.skips),
    skipKinds: kinds === undefined ? base.skipKinds : (kinds.split(',').filter((kind) => kind !== '') as Skip['kind'][]),
    stemChannels: list('stem-channels', given.stemChannels, base.stemChannels),
    multipliers: list('multipliers', given.multipliers, base.multipliers),
    blocks: range('blocks', given.blocks, base.blocks),
    blocksPerStage: range('blocks-per-stage', given.blocksPerStage, base.blocksPerStage),
    downsamplings: range('downsamplings', given.downsamplings, base.downsamplings),
    doublings: range('doublings', given.doublings, base.doublings),
    finalWidth: range('final-width', given.finalWidth, base.finalWidth),
    params: range('params', given.params, base.params),
    macs: range('macs', given.macs, base.macs),
    measuredAt: { resolution, classes },
  }
}
