import { type BlockPlan, planBlocks } from '../network/block-plan.js'
import { cumulativeCosts, genomeCost } from '../network/genome-cost.js'
import type { Genome, Operation, Skip } from './genome.js'
import { limits } from './limits.js'

/** Part of a genome that breaks a rule; indices into `operations`, `ratios`, `skips` and `macro`. */
export type Locus =
  | { readonly part: 'operation'; readonly index: number }
  | { readonly part: 'ratio'; readonly index: number }
  | { readonly part: 'skip'; readonly index: number }
  | { readonly part: 'stem' }
  | { readonly part: 'block'; readonly index: number }

export interface Violation {
  readonly reason: string
  readonly locus: Locus
}

export function stemRule(stemChannels: number): string | null {
  const { minStemChannels, maxStemChannels } = limits
  if (!Number.isInteger(stemChannels) || stemChannels < minStemChannels || stemChannels > maxStemChannels) {
    return `the stem has ${minStemChannels} to ${maxStemChannels} channels`
  }
  return stemChannels % 2 === 0 ? null : `the stem's channels must be even, got ${stemChannels}`
}

/** Why a skip cannot stand in a block of so many operations after the skips before it. */
export function skipRule({ kind, from, to }: Skip, earlier: readonly Skip[], operations: number): string | null {
  if (to > operations) return `a skip into place ${to}, but the block's last place is ${operations}`
  if (from >= to) return `a skip must lead forward, got ${from} to ${to}`
  if (earlier.some((other) => other.from === from && other.to === to)) return `a second skip from place ${from} to place ${to}`
  if (kind === 'add' || to !== operations) return null
  if (from === 0) return `a concat from place 0 to place ${to} would double the residual that is always there`
  return `a concat into the last place (${to}) would change the block's width`
}

/** Why an operation cannot have so many channels. */
export function operationRule(operation: Operation, inputChannels: number, outputChannels: number): string | null {
  const channels = `${inputChannels} to ${outputChannels} channels`
  const divisible = (by: number): boolean => inputChannels % by === 0 && outputChannels % by === 0
  switch (operation) {
    case 2:
      return divisible(2) ? null : `operation 2 needs channels divisible by 2, here ${channels}`
    case 3:
      return divisible(4) ? null : `operation 3 needs channels divisible by 4, here ${channels}`
    case 4:
      return divisible(inputChannels) ? null : `operation 4 needs output channels divisible by its input channels, here ${channels}`
    case 5: {
      const groups = Math.floor(inputChannels / 32)
      if (groups === 0) return `operation 5 needs at least 32 input channels, here ${inputChannels}`
      return divisible(groups) ? null : `operation 5 needs channels divisible by its ${groups} groups, here ${channels}`
    }
    default:
      return null
  }
}

function outOfRange(value: number, max: number, min = 0): boolean {
  return !Number.isInteger(value) || value < min || value > max
}

function blockViolation({ block: { operations, ratios, skips } }: Genome): Violation | null {
  if (operations.length < 1 || operations.length > limits.operations) {
    return { reason: `a block has 1 to ${limits.operations} operations, got ${operations.length}`, locus: { part: 'operation', index: 0 } }
  }
  if (ratios.length !== operations.length - 1) {
    return { reason: 'every operation but the last has a ratio', locus: { part: 'ratio', index: 0 } }
  }
  const operation = operations.findIndex((id) => outOfRange(id, 6))
  if (operation !== -1) return { reason: 'an operation is 0 to 6', locus: { part: 'operation', index: operation } }
  const ratio = ratios.findIndex((value) => outOfRange(value, limits.ratio))
  if (ratio !== -1) return { reason: `a ratio is 0 to ${limits.ratio}`, locus: { part: 'ratio', index: ratio } }
  for (const [index, skip] of skips.entries()) {
    const reason = skipRule(skip, skips.slice(0, index), operations.length)
    if (reason !== null) return { reason, locus: { part: 'skip', index } }
  }
  return null
}

function macroViolation({ stemChannels, macro }: Genome): Violation | null {
  if (macro.length < 1) return { reason: 'a network has at least one block', locus: { part: 'block', index: 0 } }
  let width = stemChannels
  for (const [index, { multiplier }] of macro.entries()) {
    const locus = { part: 'block', index } as const
    if (index >= limits.blocks) return { reason: `a network has at most ${limits.blocks} blocks`, locus }
    if (outOfRange(multiplier, limits.multiplier, 1)) return { reason: `a block's multiplier is 1 to ${limits.multiplier}`, locus }
    width *= multiplier
    if (width > limits.finalWidth) return { reason: `the width grows to ${width} channels, at most ${limits.finalWidth} are allowed`, locus }
  }
  return null
}

function widthViolation({ block: { ratios } }: Genome, plans: readonly BlockPlan[]): Violation | null {
  for (const { outputChannels } of plans) {
    const index = ratios.findIndex((ratio) => (outputChannels * 2 ** ratio) % 4 !== 0)
    if (index === -1) continue
    return { reason: `${outputChannels} channels x 2^${ratios[index]} / 4 is not a whole number`, locus: { part: 'ratio', index } }
  }
  return null
}

function groupViolation({ block: { operations } }: Genome, plans: readonly BlockPlan[]): Violation | null {
  for (const [index, operation] of operations.entries()) {
    for (const { places } of plans) {
      const { convolutions } = places[index]
      const reason = operationRule(operation, convolutions[0].inputChannels, convolutions[convolutions.length - 1].outputChannels)
      if (reason !== null) return { reason, locus: { part: 'operation', index } }
    }
  }
  return null
}

/** Whether the counts stay below a bound that needs no counting: as if every convolution were the widest, and at full resolution. */
function isFarFromLimit({ stemChannels, macro }: Genome, plans: readonly BlockPlan[]): boolean {
  const { resolution, classes } = limits
  let widest = Math.max(stemChannels, ...plans.map(({ inputChannels }) => inputChannels))
  let most = 0
  for (const { places } of plans) {
    let convolutions = 0
    for (const { convolutions: own, merges, channels } of places) {
      convolutions += own.length + merges.length
      widest = Math.max(widest, channels, own[0].inputChannels, own[own.length - 1].outputChannels)
    }
    most = Math.max(most, convolutions)
  }
  const convolution = 9 * widest ** 2 * resolution ** 2 + 2 * widest
  return (3 + macro.length * most) * convolution + (widest + 1) * classes <= Number.MAX_SAFE_INTEGER
}

/** The block at which a count leaves the exact integers; the last block where only the head is too much. */
function costViolation(genome: Genome, plans: readonly BlockPlan[]): Violation | null {
  if (isFarFromLimit(genome, plans)) return null
  const { resolution, classes } = limits
  const total = genomeCost(genome, { resolution, classes })
  for (const [count, unit] of [['params', 'parameters'], ['macs', 'MACs'], ['activations', 'activations']] as const) {
    if (Number.isSafeInteger(total[count])) continue
    const at = cumulativeCosts(genome, { resolution, classes }).findIndex((cost) => !Number.isSafeInteger(cost[count]))
    const index = Math.min(Math.max(at - 1, 0), genome.macro.length - 1)
    return { reason: `more than 2^53 - 1 ${unit} at ${resolution} pixels`, locus: { part: 'block', index } }
  }
  return null
}

/** The first rule of the search space that a genome breaks, or null where it is valid. */
export function genomeViolation(genome: Genome): Violation | null {
  const shape = blockViolation(genome)
  if (shape !== null) return shape
  const stem = stemRule(genome.stemChannels)
  if (stem !== null) return { reason: stem, locus: { part: 'stem' } }
  const macro = macroViolation(genome)
  if (macro !== null) return macro
  const plans = [...new Set(planBlocks(genome))]
  return widthViolation(genome, plans) ?? groupViolation(genome, plans) ?? costViolation(genome, plans)
}
