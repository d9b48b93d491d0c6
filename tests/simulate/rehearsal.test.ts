import { describe, expect, test } from 'vitest'
import { searchConfigSchema } from '../../shared/config/search-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import { rehearse } from '../../simulator/rehearsal.js'
import { smallSpace } from '../support/small-space.js'

const macsOf = (encoding: string): number => genomeCost(parseGenome(encoding), { resolution: 32, classes: 10 }).macs

function rehearsed(changes: Record<string, unknown>, seed = 1) {
  const search = { algorithm: 'nsga2', population: 8, candidates: 40 }
  const config = searchConfigSchema.parse({ data: { directory: 'builtin:digits' }, space: smallSpace, training: { batch: 16, resolution: 32 }, search, ...changes })
  return rehearse({ config, classes: 10, stepMs: (encoding) => 1 + macsOf(encoding) / 1e5, seed })
}

describe('a rehearsal of a search', () => {
  test('trains as many networks as the search has candidates, each once, and the same again', () => {
    const trainings = rehearsed({})
    expect(trainings).toHaveLength(40)
    expect(new Set(trainings.map(({ encoding }) => encoding)).size).toBe(40)
    expect(rehearsed({})).toEqual(trainings)
    expect(rehearsed({}, 2)).not.toEqual(trainings)
  })

  test('climbs rungs after the candidates that are below', () => {
    const trainings = rehearsed({ rungs: [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }] })
    const on = (rung: number): string[] => trainings.filter((each) => each.rung === rung).map(({ encoding }) => encoding)
    expect([on(0).length, on(1).length, on(2).length]).toEqual([40, 13, 4])
    expect(on(0)).toEqual(expect.arrayContaining(on(1)))
    expect(on(1)).toEqual(expect.arrayContaining(on(2)))
  })

  test('goes through phases', () => {
    const trainings = rehearsed({ phases: [{ name: 'block', budget: 15 }, { name: 'macro', budget: 10 }, { name: 'joint' }] })
    const phases = trainings.map(({ phase }) => phase)
    expect(phases).toEqual([...phases].sort((a, b) => ['block', 'macro', 'joint'].indexOf(String(a)) - ['block', 'macro', 'joint'].indexOf(String(b))))
    expect(phases.filter((phase) => phase === 'block')).toHaveLength(15)
    expect(phases.filter((phase) => phase === 'macro')).toHaveLength(10)
  })

  test('keeps to constraints in the end, as the search does', () => {
    const macs = rehearsed({ constraints: [{ name: 'macs', maximum: 200_000 }], search: { algorithm: 'nsga2', population: 8, candidates: 120 } }).map(({ encoding }) => macsOf(encoding))
    const share = (some: number[]): number => some.filter((each) => each <= 200_000).length / some.length
    expect(share(macs.slice(-40))).toBeGreaterThan(share(macs.slice(0, 8)))
  })
})
