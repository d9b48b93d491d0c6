import { describe, expect, test } from 'vitest'
import { ArchitectureSpace } from '../../coordinator/search/architecture-space.js'
import { createEvolution, restoreEvolution } from '../../coordinator/search/evolution.js'
import type { Observation } from '../../coordinator/search/search.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { boundsViolation, defaultBounds } from '../../shared/space/bounds.js'
import { parseGenome } from '../../shared/space/parse.js'

const space = new ArchitectureSpace(defaultBounds)
const options = { space, objectives: [{ name: 'top1', direction: 'maximize' }, { name: 'macs', direction: 'minimize' }] as const, population: 16, seed: 3 }

/** Real costs; accuracy stands in by a law of diminishing returns, with a bonus that depends on the block. */
function evaluate(key: string): Observation {
  const genome = parseGenome(key)
  const { macs } = genomeCost(genome, { resolution: 224, classes: 1000 })
  return { key, objectives: { top1: Math.log10(macs) / 20 + genome.block.operations.length / 50, macs } }
}

describe('search of the architecture space', () => {
  test('starts with a population that spans a factor of 10 in MACs', () => {
    const macs = createEvolution(options).ask(16).map(({ key }) => genomeCost(parseGenome(key), { resolution: 224, classes: 1000 }).macs)
    expect(Math.max(...macs) / Math.min(...macs)).toBeGreaterThanOrEqual(10)
  })

  test('proposes canonical networks within the bounds, each once, and continues exactly from a stored history', () => {
    const whole = createEvolution(options)
    const observations = whole.ask(16).map(({ key }) => evaluate(key))
    whole.tell(observations)
    const pending = whole.ask(4)
    const restored = restoreEvolution(options, { state: whole.state(), observations, pending })
    const next = whole.ask(30)
    expect(restored.ask(30)).toEqual(next)
    const keys = [...observations, ...pending, ...next].map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) {
      expect(space.key(space.parse(key))).toBe(key)
      expect(boundsViolation(parseGenome(key), defaultBounds)).toBeNull()
    }
    expect(new Set(next.map(({ operator }) => operator)).size).toBeGreaterThan(4)
  })

  test('asks for what it is given first, and takes a known network from outside the bounds as a parent', () => {
    const initial = ['020-_64_1-1-1-1']
    const search = createEvolution({ ...options, initial })
    expect(search.ask(1)[0].key).toBe('020-_64_1-1-1-1')
    search.tell([evaluate('020-_64_1-1-1-1')])
    search.ask(16)
    for (const { key } of search.ask(5)) expect(boundsViolation(parseGenome(key), defaultBounds)).toBeNull()
  })
})
