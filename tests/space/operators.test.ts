import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRng } from '../../shared/rng.js'
import { type SpaceBounds, boundsViolation, defaultBounds, unlimited } from '../../shared/space/bounds.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { crossover } from '../../shared/space/crossover.js'
import { formatBlock, formatGenome, formatMacro } from '../../shared/space/format.js'
import type { Genome } from '../../shared/space/genome.js'
import { blockMutationOperators, macroMutationOperators, mutate, mutateBy, mutationOperators } from '../../shared/space/mutate.js'
import { parseEncoding, parseGenome } from '../../shared/space/parse.js'
import { sampleGenome } from '../../shared/space/sample.js'

const small: SpaceBounds = {
  ...defaultBounds,
  stemChannels: [8, 16, 32],
  blocks: { min: 2, max: 8 },
  blocksPerStage: { min: 1, max: 4 },
  downsamplings: { min: 1, max: 2 },
  doublings: { min: 1, max: 3 },
  finalWidth: { min: 32, max: 256 },
  macs: { min: 0, max: 20_000_000 },
  measuredAt: { resolution: 32, classes: 10 },
}
const narrow: SpaceBounds = { ...small, operations: [0, 1, 5], operationsPerBlock: { min: 2, max: 2 }, skips: { min: 0, max: 1 }, skipKinds: ['add'], multipliers: [2] }
const wide: SpaceBounds = {
  ...defaultBounds,
  skips: { min: 0, max: 5 },
  stemChannels: [2, 4, 6, 32, 96, 4096],
  multipliers: [2, 3, 5, 9],
  blocks: { min: 1, max: 256 },
  blocksPerStage: { min: 1, max: 256 },
  downsamplings: { min: 0, max: 20 },
  doublings: { min: 0, max: 16 },
  finalWidth: { min: 1, max: 65_536 },
}
const families: readonly (readonly [string, SpaceBounds])[] = [['default', defaultBounds], ['small', small], ['narrow', narrow], ['wide', wide]]

/** Valid, canonical and within the bounds, judged from its text alone. */
function expectAdmitted(genome: Genome, bounds: SpaceBounds): void {
  const encoding = formatGenome(genome)
  expect(parseEncoding(encoding)).toEqual({ ok: true, genome })
  expect(canonicalEncoding(genome)).toBe(encoding)
  expect(boundsViolation(genome, bounds)).toBeNull()
}

describe.each(families)('in the %s bounds', (_, bounds) => {
  test('a long walk of mutations stays inside and always moves', () => {
    const rng = createRng(5)
    let genome = sampleGenome(rng, bounds)
    const seen = new Set<string>()
    for (let step = 0; step < 150; step++) {
      const child = mutate(rng, genome, bounds)
      expectAdmitted(child.genome, bounds)
      expect(formatGenome(child.genome)).not.toBe(formatGenome(genome))
      expect(mutationOperators).toContain(child.operator)
      seen.add(child.operator)
      genome = child.genome
    }
    expect(seen.size).toBeGreaterThan(8)
  })

  test('a walk of crossovers stays inside', () => {
    const rng = createRng(6)
    const population = Array.from({ length: 6 }, () => sampleGenome(rng, bounds))
    let crossed = 0
    for (let step = 0; step < 50; step++) {
      const [a, b] = [rng.pick(population), rng.pick(population)]
      const child = crossover(rng, a, b, bounds)
      expectAdmitted(child.genome, bounds)
      expect([formatGenome(a), formatGenome(b)]).not.toContain(formatGenome(child.genome))
      if (child.operator === 'crossover') crossed++
      population[rng.integer(population.length)] = child.genome
    }
    expect(crossed).toBeGreaterThan(0)
  })
})

describe('every operator', () => {
  test.each(mutationOperators)('%s is reached by mutate and keeps the other half', (operator) => {
    const rng = createRng(8)
    let found = 0
    let genome = sampleGenome(rng, wide)
    for (let step = 0; step < 100; step++) {
      const child = mutateBy(operator, rng, genome, wide)
      if (child !== null) {
        found++
        expectAdmitted(child, wide)
        expect(formatGenome(child)).not.toBe(formatGenome(genome))
        // The canonical id of an operation depends on the macro half, so only what cannot be rewritten is compared.
        if ((macroMutationOperators as string[]).includes(operator)) expect(child.block.ratios).toEqual(genome.block.ratios)
        else expect([child.stemChannels, formatMacro(child.macro)]).toEqual([genome.stemChannels, formatMacro(genome.macro)])
      }
      genome = mutate(rng, genome, wide).genome
    }
    expect(found).toBeGreaterThan(0)
  })

  test.each<readonly [operator: (typeof mutationOperators)[number], parent: string, children: readonly string[]]>([
    ['insert_block', '0-_8_1-2', ['0-_8_11-2', '0-_8_1-21']],
    ['remove_block', '0-_8_1-12-1', ['0-_8_-12-1', '0-_8_1-2-1']],
    ['swap_neighbours', '0-_8_1-2', ['0-_8_-12']],
    ['change_multiplier', '0-_8_1-2', ['0-_8_2-2', '0-_8_1-1']],
    ['move_multiplier', '0-_8_1-2', ['0-_8_2-1']],
    ['move_stride', '0-_8_1-2', ['0-_8_-12']],
    ['toggle_stride', '0-_8_1-2', ['0-_8_-1-2', '0-_8_12']],
    ['change_stem', '0-_8_1-2', ['0-_4_1-2']],
    ['change_operation', '0-_8_1', ['1-_8_1', '6-_8_1']],
    ['change_ratio', '010-_8_1', ['000-_8_1', '020-_8_1']],
    ['add_operation', '0-_8_1', ['010-_8_1', '011-_8_1', '110-_8_1', '016-_8_1', '610-_8_1', '020-_8_1', '021-_8_1', '120-_8_1', '026-_8_1', '620-_8_1', '000-_8_1', '001-_8_1', '100-_8_1', '006-_8_1', '600-_8_1']],
    ['remove_operation', '01620-a13_8_1', ['620-_8_1', '010-a12_8_1', '016-a12_8_1']],
    ['add_skip', '020-_8_1', ['020-a01_8_1', '020-c01_8_1', '020-a12_8_1']],
    ['remove_skip', '020-a01_8_1', ['020-_8_1']],
    ['retarget_skip', '020-a01_8_1', ['020-a12_8_1']],
    ['flip_skip', '020-a01_8_1', ['020-c01_8_1']],
  ])('%s makes of %s only what it should', (operator, parent, children) => {
    const bounds: SpaceBounds = {
      ...wide,
      operations: [0, 1, 6],
      ratios: [0, 1, 2],
      stemChannels: [4, 8],
      multipliers: [2],
      skips: { min: 0, max: 1 },
    }
    const rng = createRng(9)
    const found = new Set(Array.from({ length: 300 }, () => mutateBy(operator, rng, parseGenome(parent), bounds)).map((child) => (child === null ? 'none' : formatGenome(child))))
    for (const child of found) expect(children).toContain(child)
    expect(found.size).toBe(children.length)
  })

  test('is total: any valid parent, inside or not, any seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('0-_2_1', '2-_32_2-11-112-1121112', '32341-a02c12_64_111-2111-21111111111111111111111-211', '6-_4096_44'), fc.constantFrom(...mutationOperators), (seed, parent, operator) => {
        const child = mutateBy(operator, createRng(seed), parseGenome(parent), small)
        if (child !== null) expectAdmitted(child, small)
      }),
    )
  })
})

describe('mutate', () => {
  const single: SpaceBounds = {
    operations: [0], operationsPerBlock: { min: 1, max: 1 }, ratios: [], skips: { min: 0, max: 0 }, skipKinds: [], stemChannels: [8], multipliers: [],
    blocks: { min: 1, max: 1 }, blocksPerStage: { min: 1, max: 1 }, downsamplings: { min: 0, max: 0 }, doublings: { min: 0, max: 0 },
    finalWidth: { min: 8, max: 8 }, params: unlimited, macs: unlimited, measuredAt: { resolution: 32, classes: 10 },
  }

  test('returns the parent, and says so, where there is no other network', () => {
    expect(mutate(createRng(1), parseGenome('0-_8_1'), single)).toEqual({ genome: parseGenome('0-_8_1'), operator: 'none' })
  })

  test('returns a sample where no neighbour is inside', () => {
    const { genome, operator } = mutate(createRng(1), parseGenome('62626-_64_2-2-2-2'), single)
    expect([formatGenome(genome), operator]).toEqual(['0-_8_1', 'sample'])
  })

  test('of one half keeps the other', () => {
    const rng = createRng(4)
    let block = sampleGenome(rng, small)
    let macro = block
    for (let step = 0; step < 60; step++) {
      const blockChild = mutate(rng, block, small, blockMutationOperators).genome
      expect(formatMacro(blockChild.macro)).toBe(formatMacro(block.macro))
      const macroChild = mutate(rng, macro, narrow, macroMutationOperators).genome
      expect(macroChild.block.ratios).toEqual(macro.block.ratios)
      block = blockChild
      macro = macroChild
    }
  })

  test('is the same for the same seed', () => {
    const walk = (): string[] => {
      const rng = createRng(21)
      const steps = [sampleGenome(rng, defaultBounds)]
      for (let i = 0; i < 20; i++) steps.push(mutate(rng, steps[i], defaultBounds).genome)
      return steps.map(formatGenome)
    }
    expect(walk()).toEqual(walk())
  })
})

describe('crossover', () => {
  test('takes the block of one and the macro half of the other', () => {
    const [a, b] = ['020-a01_16_1-2-1', '616-_32_-12-11'].map(parseGenome)
    const children = new Set(Array.from({ length: 50 }, (_, seed) => formatGenome(crossover(createRng(seed), a, b, small).genome)))
    expect(children).toEqual(new Set([`${formatBlock(a.block)}_32_${formatMacro(b.macro)}`, `${formatBlock(b.block)}_16_${formatMacro(a.macro)}`]))
  })

  test('mutates where both halves are alike', () => {
    const parent = parseGenome('020-_16_1-2-1')
    const child = crossover(createRng(1), parent, parent, small)
    expect(mutationOperators).toContain(child.operator)
    expectAdmitted(child.genome, small)
  })
})
