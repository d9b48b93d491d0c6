import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CategoricalSpace } from '../../coordinator/search/categorical-space.js'
import { createRng } from '../../shared/rng.js'

const genes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }).map((sizes) =>
  sizes.map((size, i) => ({ name: `g${i}`, values: Array.from({ length: size }, (_, v) => String(v)) })),
)
const seeds = fc.integer({ min: 0, max: 4294967295 })

describe('categorical space', () => {
  test('operators stay inside, keys round-trip', () => {
    fc.assert(
      fc.property(genes, seeds, (list, seed) => {
        const space = new CategoricalSpace(list)
        const rng = createRng(seed)
        const a = space.sample(rng)
        const mutant = space.mutate(rng, a).genome
        const child = space.crossover(rng, a, mutant).genome
        for (const genome of [a, mutant, child, space.at(rng.integer(space.size))]) expect(space.parse(space.key(genome))).toEqual(genome)
        if (space.size > 1) expect(mutant).not.toEqual(a)
      }),
    )
  })

  test('numbers its genomes', () => {
    const space = new CategoricalSpace([{ name: 'a', values: ['x', 'y'] }, { name: 'b', values: ['p', 'q', 'r'] }])
    const keys = Array.from({ length: space.size }, (_, i) => space.key(space.at(i)))
    expect(new Set(keys).size).toBe(6)
  })

  test('a spread sample is distinct and shows every value of every gene', () => {
    fc.assert(
      fc.property(genes, seeds, fc.integer({ min: 5, max: 20 }), (list, seed, count) => {
        const space = new CategoricalSpace(list)
        const spread = space.sampleSpread(createRng(seed), count)
        expect(new Set(spread.map((genome) => space.key(genome))).size).toBe(spread.length)
        expect(spread.length).toBeLessThanOrEqual(count)
        list.forEach(({ values }, i) => expect(new Set(spread.map((genome) => genome[i])).size).toBe(values.length))
      }),
    )
  })

  test.each(['', '0', '0.3', '0.1.1', '0.01', 'a.b', '0.1 '])('refuses the key %j', (key) => {
    const space = new CategoricalSpace([{ name: 'a', values: ['x', 'y'] }, { name: 'b', values: ['p', 'q', 'r'] }])
    expect(() => space.parse(key)).toThrow(/not a genome of this space/)
  })
})
