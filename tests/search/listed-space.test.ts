import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ListedSpace } from '../../coordinator/search/listed-space.js'
import { createRandomSearch, restoreRandomSearch } from '../../coordinator/search/random-search.js'
import { createRng } from '../../shared/rng.js'

const genes = Array.from({ length: 4 }, (_, i) => ({ name: `g${i}`, values: ['0', '1', '2'] }))
const genomes = [[0, 0, 0, 0], [0, 0, 0, 1], [2, 2, 2, 2], [2, 2, 1, 1], [1, 0, 2, 1], [0, 2, 0, 2]]
const space = new ListedSpace(genes, genomes)

describe('listed space', () => {
  test('operators return listed genomes other than the parents', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rng = createRng(seed)
        const [a, b] = [space.sample(rng), space.sample(rng)]
        const mutant = space.mutate(rng, a).genome
        const child = space.crossover(rng, a, b).genome
        for (const genome of [mutant, child]) expect(genomes).toContainEqual(genome)
        expect(mutant).not.toEqual(a)
        expect(child).not.toEqual(a)
        expect(child).not.toEqual(b)
      }),
    )
  })

  test('finds the nearest genome by Hamming distance, the first of equals, among those allowed', () => {
    expect(space.nearest([0, 0, 1, 1], () => true)).toEqual([0, 0, 0, 1])
    expect(space.nearest([2, 2, 2, 1], () => true)).toEqual([2, 2, 2, 2])
    expect(space.nearest([2, 2, 2, 1], (key) => key !== '2.2.2.2')).toEqual([2, 2, 1, 1])
    expect(space.nearest([0, 0, 0, 0], () => false)).toBeUndefined()
  })

  test('knows its genomes', () => {
    expect(space.has('1.0.2.1')).toBe(true)
    expect(space.parse('1.0.2.1')).toEqual([1, 0, 2, 1])
    expect(() => space.parse('1.1.1.1')).toThrow(/not among the 6 genomes/)
  })
})

describe('random search', () => {
  test('draws each genome once and continues exactly', () => {
    const whole = createRandomSearch({ space, seed: 3 })
    const first = whole.ask(2)
    whole.tell([{ key: first[0].key, objectives: null }])
    whole.withdraw([first[1].key])
    const restored = restoreRandomSearch({ space }, { state: whole.state(), observations: [{ key: first[0].key, objectives: null }], pending: [] })
    const rest = whole.ask(9)
    expect(restored.ask(9)).toEqual(rest)
    expect(new Set([...first, ...rest].map(({ key }) => key)).size).toBe(6)
  })
})
