import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontKeys } from '../../../coordinator/search/phases/architecture-phases.js'
import type { PhasedState } from '../../../coordinator/search/phases/phased-search.js'
import type { Observation, Proposal, Search } from '../../../coordinator/search/search.js'
import { createSearch, restoreSearch, type SearchAlgorithm, type SearchSpecification } from '../../../coordinator/search/search-specification.js'
import { spaceSchema } from '../../../shared/config/space-config.js'
import { genomeCost } from '../../../shared/network/genome-cost.js'
import { boundsViolation } from '../../../shared/space/bounds.js'
import { canonicalEncoding } from '../../../shared/space/canonical.js'
import { parseGenome } from '../../../shared/space/parse.js'
import { smallSpace } from '../../support/small-space.js'

const bounds = spaceSchema.parse(smallSpace)
const specification = (algorithm: SearchAlgorithm, changes: Partial<SearchSpecification> = {}): SearchSpecification => ({
  algorithm,
  bounds,
  objectives: [
    { name: 'top1', direction: 'maximize' },
    { name: 'macs', direction: 'minimize' },
  ],
  population: 6,
  seed: 5,
  phases: [
    { name: 'block', budget: 14 },
    { name: 'macro', budget: 12 },
    { name: 'joint', budget: Infinity },
  ],
  ...changes,
})

function evaluate(key: string): Observation {
  const { macs, params } = genomeCost(parseGenome(key), bounds.measuredAt)
  return { key, objectives: { top1: 1 - 1 / Math.log(params + (key.length % 5) * 1000), macs } }
}

/** One in flight at a time. */
function follow(search: Search, count: number): { proposals: Proposal[]; observations: Observation[] } {
  const proposals: Proposal[] = []
  const observations: Observation[] = []
  for (let i = 0; i < count; i++) {
    const [proposal] = search.ask(1)
    proposals.push(proposal)
    observations.push(evaluate(proposal.key))
    search.tell(observations.slice(-1))
  }
  return { proposals, observations }
}

const macroOf = (key: string): string => key.slice(key.indexOf('_'))
const blockOf = (key: string): string => key.slice(0, key.indexOf('_'))

describe.each(['nsga2', 'random'] as const)('%s in phases', (algorithm) => {
  test('a block phase keeps one macro structure, a macro phase the blocks of the front before it, a joint phase neither', () => {
    const { proposals, observations } = follow(createSearch(specification(algorithm)), 50)
    const [block, macro, joint] = [proposals.slice(0, 14), proposals.slice(14, 26), proposals.slice(26)]
    expect(new Set(block.map(({ key }) => macroOf(key))).size).toBe(1)
    expect(new Set(block.map(({ key }) => blockOf(key))).size).toBeGreaterThan(6)
    const front = frontKeys(observations.slice(0, 14), specification(algorithm).objectives)
    const keptBlocks = front.map((key) => parseGenome(key).block)
    // As the canonical form has them: in a narrow macro structure a depthwise operation, say, is the one with four groups.
    for (const { key } of macro) expect(keptBlocks.map((kept) => canonicalEncoding({ ...parseGenome(key), block: kept }))).toContain(key)
    expect(new Set(macro.map(({ key }) => macroOf(key))).size).toBeGreaterThan(4)
    expect(new Set(joint.map(({ key }) => macroOf(key))).size).toBeGreaterThan(1)
    expect(new Set(joint.map(({ key }) => blockOf(key))).size).toBeGreaterThan(1)
    expect(new Set(proposals.map(({ key }) => key)).size).toBe(50)
    for (const { key } of proposals) expect(boundsViolation(parseGenome(key), bounds)).toBeNull()
  })

  test('continues bit for bit from what a store keeps, whatever the phase', () => {
    const whole = follow(createSearch(specification(algorithm)), 36).proposals.map(({ key }) => key)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 35 }), (cut) => {
        const before = createSearch(specification(algorithm))
        const { proposals, observations } = follow(before, cut)
        const state = JSON.parse(JSON.stringify(before.state())) as PhasedState
        const after = restoreSearch(specification(algorithm, { seed: 0 }), { state, observations, pending: [] })
        expect([...proposals.map(({ key }) => key), ...follow(after, 36 - cut).proposals.map(({ key }) => key)]).toEqual(whole)
      }),
      { numRuns: 10 },
    )
  })
})

describe('a block phase', () => {
  test.each(['nasoa', 'nsga2', 'random'] as const)('of %s begins with the reference blocks, and says what each phase proposed', (algorithm) => {
    const initial = ['020-_16_11-21', '020-_16_11-21', '031-_32_1-1-221-11121']
    const search = createSearch(specification(algorithm, { initial, phases: [{ name: 'block', budget: 5 }, { name: 'joint', budget: Infinity }] }))
    const proposals = search.ask(8)
    expect(proposals.map(({ phase }) => phase)).toEqual([undefined, undefined, ...new Array<string>(5).fill('block'), 'joint'])
    expect(proposals.slice(0, 2).map(({ key }) => key)).toEqual([initial[0], initial[2]])
    const [macro] = new Set(proposals.slice(2, 7).map(({ key }) => macroOf(key)))
    // Of the reference blocks this space, of two operations at most, allows one.
    expect(proposals[2].key).toBe(canonicalEncoding(parseGenome(`020-${macro}`)))
  })

  test('has all three reference blocks where the space allows them', () => {
    const wide = spaceSchema.parse({ ...smallSpace, operationsPerBlock: { min: 1, max: 3 } })
    const [basic, bottleneck, inverted] = createSearch(specification('nsga2', { bounds: wide })).ask(3)
    expect([basic, bottleneck, inverted].map(({ key }) => blockOf(key))).toEqual(['020-', '10001-', '14441-'])
  })
})

describe('phases', () => {
  test('go on with the model that was fitted before', () => {
    const phases = [{ name: 'block', budget: 21 }, { name: 'joint', budget: Infinity }] as const
    const of = specification('nasoa', { phases })
    const before = createSearch(of)
    const { observations } = follow(before, 22)
    expect((before.state() as unknown as { fit: { results: number } | null }).fit?.results).toBeGreaterThanOrEqual(20)
    const state = JSON.parse(JSON.stringify(before.state())) as PhasedState
    const after = restoreSearch(of, { state, observations, pending: [] })
    expect(after.ask(2)).toEqual(before.ask(2))
  }, 120_000)

  test('hand over while results are out, and a block phase whose space is exhausted hands over early', () => {
    const tiny = spaceSchema.parse({ ...smallSpace, operations: [2], operationsPerBlock: { min: 1, max: 1 }, skips: { max: 0 } })
    const search = createSearch(specification('nsga2', { bounds: tiny }))
    const proposals = search.ask(5)
    expect(proposals).toHaveLength(5)
    expect((search.state() as PhasedState).phases.phase).toBe(1)
    search.tell(proposals.map(({ key }) => evaluate(key)))
    expect(search.ask(3)).toHaveLength(3)
  })
})
