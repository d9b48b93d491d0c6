import { InvalidInputError } from '../errors.js'
import { checkInputSize } from '../network/input-size.js'
import type { Range, SpaceBounds } from './bounds.js'
import { limits } from './limits.js'

const fail = (message: string): never => {
  throw new InvalidInputError(`bounds of the search space: ${message}`)
}

function checkRange(name: string, { min, max }: Range, lowest: number, highest: number): void {
  for (const value of [min, max]) {
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      fail(`${name} must be integers from ${lowest} to ${highest}, got ${value}`)
    }
  }
  if (min > max) fail(`${name} has min ${min} above max ${max}`)
}

function checkList<T extends string | number>(name: string, values: readonly T[], allowed: (value: T) => boolean, rule: string): void {
  const wrong = values.find((value) => !allowed(value))
  if (wrong !== undefined) fail(`${name} must be ${rule}, got ${wrong}`)
  if (new Set(values).size !== values.length) fail(`${name} names a value twice`)
}

const isBetween =
  (min: number, max: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max

function checkValues(bounds: SpaceBounds): void {
  const { minStemChannels, maxStemChannels } = limits
  checkList('operations', bounds.operations, isBetween(0, 6), '0 to 6')
  checkList('ratios', bounds.ratios, isBetween(0, limits.ratio), `0 to ${limits.ratio}`)
  checkList('skipKinds', bounds.skipKinds, (kind) => kind === 'add' || kind === 'concat', '"add" or "concat"')
  checkList('multipliers', bounds.multipliers, isBetween(2, limits.multiplier), `2 to ${limits.multiplier} (1 is always allowed)`)
  checkList(
    'stemChannels',
    bounds.stemChannels,
    (channels) => isBetween(minStemChannels, maxStemChannels)(channels) && channels % 2 === 0,
    `even and from ${minStemChannels} to ${maxStemChannels}`,
  )
  checkRange('operationsPerBlock', bounds.operationsPerBlock, 1, limits.operations)
  checkRange('skips', bounds.skips, 0, 5)
  checkRange('blocks', bounds.blocks, 1, limits.blocks)
  checkRange('blocksPerStage', bounds.blocksPerStage, 1, limits.blocks)
  checkRange('downsamplings', bounds.downsamplings, 0, limits.blocks)
  checkRange('doublings', bounds.doublings, 0, limits.blocks)
  checkRange('finalWidth', bounds.finalWidth, 1, limits.finalWidth)
  checkRange('params', bounds.params, 0, Number.MAX_SAFE_INTEGER)
  checkRange('macs', bounds.macs, 0, Number.MAX_SAFE_INTEGER)
  checkInputSize(bounds.measuredAt)
}

/** Skips that n operations leave room for: every pair of places but the residual's, concats not into the last place. */
export function skipRoom(operations: number, kinds: SpaceBounds['skipKinds']): number {
  const inner = ((operations - 1) * operations) / 2
  if (kinds.includes('add')) return inner + operations - 1
  return kinds.includes('concat') ? inner : 0
}

function checkBlock({ operations, operationsPerBlock, ratios, skips, skipKinds }: SpaceBounds): void {
  if (operations.length === 0) fail('operations is empty: a block needs at least one')
  if (operationsPerBlock.min > 1 && ratios.length === 0) fail('ratios is empty, but every block has two operations or more')
  const most = skipRoom(operationsPerBlock.max, skipKinds)
  if (skips.min > most) fail(`at least ${skips.min} skips are asked for, but ${operationsPerBlock.max} operations leave room for ${most}`)
}

function checkStages({ blocks, blocksPerStage, downsamplings }: SpaceBounds): void {
  // A leading "-" opens no stage of its own, so d downsamplings make d or d + 1 stages.
  const fewest = Math.max(1, downsamplings.min)
  const most = downsamplings.max + 1
  for (let stages = fewest; stages <= most; stages++) {
    if (stages * blocksPerStage.min <= blocks.max && stages * blocksPerStage.max >= blocks.min) return
  }
  const per = `${fewest}..${most} stages of ${blocksPerStage.min}..${blocksPerStage.max} blocks`
  fail(`${per} cannot make ${blocks.min}..${blocks.max} blocks`)
}

/** Whether some choice of `count` multipliers takes `width` into the range. */
function reaches(width: number, count: number, multipliers: readonly number[], { min, max }: Range): boolean {
  let widths = new Set([width])
  for (let i = 0; i < count && widths.size > 0; i++) {
    widths = new Set([...widths].flatMap((w) => multipliers.map((m) => w * m)).filter((w) => w <= max))
  }
  return [...widths].some((w) => w >= min && w <= max)
}

const knownDoublings = new WeakMap<SpaceBounds, Map<number, readonly number[]>>()

/** Numbers of doublings that can take a stem of this width to an allowed final width; found once for each bounds. */
export function feasibleDoublings(stemChannels: number, bounds: SpaceBounds): readonly number[] {
  const known = knownDoublings.get(bounds) ?? new Map<number, readonly number[]>()
  knownDoublings.set(bounds, known)
  const counts = known.get(stemChannels) ?? findDoublings(stemChannels, bounds)
  known.set(stemChannels, counts)
  return counts
}

function findDoublings(stemChannels: number, { doublings, blocks, multipliers, finalWidth }: SpaceBounds): number[] {
  const most = Math.min(doublings.max, blocks.max, Math.ceil(Math.log2(limits.finalWidth)))
  const counts: number[] = []
  for (let count = doublings.min; count <= most; count++) if (reaches(stemChannels, count, multipliers, finalWidth)) counts.push(count)
  return counts
}

function checkWidth(bounds: SpaceBounds): void {
  if (bounds.stemChannels.length === 0) fail('stemChannels is empty: name at least one width')
  if (bounds.stemChannels.some((channels) => feasibleDoublings(channels, bounds).length > 0)) return
  const { doublings, finalWidth, multipliers, stemChannels } = bounds
  fail(
    `no stem of ${stemChannels.join(', ')} channels reaches a final width of ${finalWidth.min} to ${finalWidth.max} ` +
      `with ${doublings.min} to ${doublings.max} multipliers out of ${multipliers.join(', ') || 'none'}`,
  )
}

const validBounds = new WeakSet<SpaceBounds>()

/** @throws InvalidInputError where a value is out of its range or two bounds contradict each other. */
export function validateBounds(bounds: SpaceBounds): void {
  if (validBounds.has(bounds)) return
  checkValues(bounds)
  checkBlock(bounds)
  checkStages(bounds)
  checkWidth(bounds)
  validBounds.add(bounds)
}
