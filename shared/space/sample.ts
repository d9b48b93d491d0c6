import { InvalidInputError } from '../errors.js'
import { genomeCost } from '../network/genome-cost.js'
import type { Rng } from '../rng.js'
import { admit } from './admit.js'
import type { Range, SpaceBounds } from './bounds.js'
import { formatGenome } from './format.js'
import type { BlockGenome, Genome, MacroBlock, Skip } from './genome.js'
import { feasibleDoublings, validateBounds } from './validate-bounds.js'

/** Random macro halves that are tried before the bounds are held to be unsatisfiable, and blocks tried for each. */
const macroTries = 500
const blockTries = 20

const between = (rng: Rng, { min, max }: Range): number => min + rng.integer(max - min + 1)

/** All skips that a block of n operations may hold besides the residual. */
export function possibleSkips(operations: number, kinds: SpaceBounds['skipKinds']): Skip[] {
  const skips: Skip[] = []
  for (let to = 1; to <= operations; to++) {
    for (let from = 0; from < to; from++) {
      if (from === 0 && to === operations) continue
      for (const kind of kinds) if (kind === 'add' || to < operations) skips.push({ kind, from, to })
    }
  }
  return skips
}

function sampleSkips(rng: Rng, operations: number, { skips, skipKinds }: SpaceBounds): Skip[] {
  const wanted = between(rng, skips)
  const chosen: Skip[] = []
  for (const skip of rng.shuffle(possibleSkips(operations, skipKinds))) {
    if (chosen.length === wanted) break
    if (!chosen.some(({ from, to }) => from === skip.from && to === skip.to)) chosen.push(skip)
  }
  return chosen
}

function sampleBlock(rng: Rng, bounds: SpaceBounds): BlockGenome {
  const count = between(rng, bounds.operationsPerBlock)
  const operations = Array.from({ length: count }, () => rng.pick(bounds.operations))
  const ratios = bounds.ratios.length === 0 ? [] : Array.from({ length: count - 1 }, () => rng.pick(bounds.ratios))
  return { operations, ratios, skips: sampleSkips(rng, count, bounds) }
}

/** Sizes of the stages, or null where that many stages cannot hold that many blocks. */
function sampleStageSizes(rng: Rng, stages: number, blocks: number, { min, max }: Range): number[] | null {
  if (stages < 1 || blocks < stages * min || blocks > stages * max) return null
  const sizes = Array.from({ length: stages }, () => min)
  for (let rest = blocks - stages * min; rest > 0; rest--) {
    const open = sizes.flatMap((size, stage) => (size < max ? [stage] : []))
    sizes[rng.pick(open)]++
  }
  return sizes
}

/** Multipliers of the widening blocks, or null where the drawn ones miss the final width. */
function sampleMultipliers(rng: Rng, stemChannels: number, bounds: SpaceBounds): number[] | null {
  const counts = feasibleDoublings(stemChannels, bounds)
  if (counts.length === 0) return null
  const drawn = Array.from({ length: rng.pick(counts) }, () => rng.pick(bounds.multipliers))
  const width = drawn.reduce((product, multiplier) => product * multiplier, stemChannels)
  return width >= bounds.finalWidth.min && width <= bounds.finalWidth.max ? drawn : null
}

function sampleMacroHalf(rng: Rng, bounds: SpaceBounds): Omit<Genome, 'block'> | null {
  const stemChannels = rng.pick(bounds.stemChannels)
  const multipliers = sampleMultipliers(rng, stemChannels, bounds)
  const downsamplings = between(rng, bounds.downsamplings)
  const blocks = between(rng, bounds.blocks)
  // The first block is as likely as any other to carry a stride.
  const leading = downsamplings > 0 && rng.chance(downsamplings / blocks)
  const sizes = sampleStageSizes(rng, leading ? downsamplings : downsamplings + 1, blocks, bounds.blocksPerStage)
  if (multipliers === null || sizes === null || multipliers.length > blocks) return null
  const order = rng.shuffle([...multipliers, ...Array.from({ length: blocks - multipliers.length }, () => 1)])
  let at = 0
  const macro = sizes.flatMap((size, stage) =>
    Array.from({ length: size }, (_, block): MacroBlock => {
      const stride = block === 0 && (stage > 0 || leading) ? 2 : 1
      return { multiplier: order[at++], stride }
    }),
  )
  return { stemChannels, macro }
}

/** As `sampleGenome`, for bounds known to be valid; null where no draw fits. */
export function tryToSample(rng: Rng, bounds: SpaceBounds): Genome | null {
  for (let i = 0; i < macroTries; i++) {
    const half = sampleMacroHalf(rng, bounds)
    if (half === null) continue
    for (let j = 0; j < blockTries; j++) {
      const genome = admit({ ...half, block: sampleBlock(rng, bounds) }, bounds)
      if (genome !== null) return genome
    }
  }
  return null
}

/**
 * A random genome: valid, canonical and within the bounds.
 * @throws InvalidInputError where the bounds contradict each other or thousands of draws met none that fits.
 */
export function sampleGenome(rng: Rng, bounds: SpaceBounds): Genome {
  validateBounds(bounds)
  const genome = tryToSample(rng, bounds)
  if (genome !== null) return genome
  throw new InvalidInputError(
    `bounds of the search space: none of ${macroTries * blockTries} random networks is valid and within them; widen ` +
      'the limits of params and macs, blocksPerStage, or the operations and ratios',
  )
}

/** Draws per genome of a spread: enough that its ends lie near those of the whole space. */
const drawsPerGenome = 16
const fewestDraws = 256

/** Distinct random genomes by MACs, ascending; fewer than asked for where the bounds hold few. */
function samplePool(rng: Rng, bounds: SpaceBounds, draws: number): { readonly genome: Genome; readonly logMacs: number }[] {
  const pool = new Map<string, Genome>()
  for (let i = 0; i < draws; i++) {
    const genome = sampleGenome(rng, bounds)
    pool.set(formatGenome(genome), genome)
  }
  return [...pool.values()]
    .map((genome) => ({ genome, logMacs: Math.log(genomeCost(genome, bounds.measuredAt).macs) }))
    .sort((a, b) => a.logMacs - b.logMacs)
}

/**
 * Distinct genomes whose MACs (at `bounds.measuredAt`) are spread evenly on a log scale from the smallest to the largest found, in
 * random order: a first population that sees the whole range of costs. Fewer than `count` where the bounds hold fewer.
 * @throws InvalidInputError as `sampleGenome` does.
 */
export function sampleSpread(rng: Rng, bounds: SpaceBounds, count: number): Genome[] {
  const pool = samplePool(rng, bounds, Math.max(fewestDraws, drawsPerGenome * count))
  const low = pool[0].logMacs
  const high = pool[pool.length - 1].logMacs
  const chosen: Genome[] = []
  for (let i = 0; i < count && pool.length > 0; i++) {
    const target = low + ((high - low) * i) / Math.max(1, count - 1)
    let nearest = 0
    pool.forEach(({ logMacs }, index) => {
      if (Math.abs(logMacs - target) < Math.abs(pool[nearest].logMacs - target)) nearest = index
    })
    chosen.push(pool.splice(nearest, 1)[0].genome)
  }
  return rng.shuffle(chosen)
}
