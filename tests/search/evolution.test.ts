import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CategoricalSpace } from '../../coordinator/search/categorical-space.js'
import { createEvolution, restoreEvolution } from '../../coordinator/search/evolution.js'
import { hypervolume } from '../../coordinator/search/hypervolume.js'
import type { Proposal } from '../../coordinator/search/search.js'
import { createRng } from '../../shared/rng.js'
import { type Event, Run, evaluate, objectives, space } from './toy-problem.js'

const options = { space, objectives, population: 12, seed: 7 }

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ ask: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ tell: fc.integer({ min: 0, max: 5 }) }),
  fc.constant({ withdraw: 1 } as const),
)
const events = fc.array(event, { minLength: 1, maxLength: 60 })

describe('evolution', () => {
  test('never asks the same key twice, whatever is told, withdrawn or in flight', () => {
    fc.assert(
      fc.property(events, (all) => {
        const run = new Run(createEvolution(options))
        all.forEach((each) => run.apply(each))
        expect(new Set(run.proposals.map(({ key }) => key)).size).toBe(run.proposals.length)
      }),
    )
  })

  test('continues bit for bit from what a store keeps, split at any point', () => {
    fc.assert(
      fc.property(events, events, (before, after) => {
        const whole = new Run(createEvolution(options))
        before.forEach((each) => whole.apply(each))
        const history = whole.history()
        const restored = new Run(restoreEvolution({ ...options, seed: 0 }, history))
        restored.pending = [...history.pending]
        const asked = whole.proposals.length
        after.forEach((each) => {
          whole.apply(each)
          restored.apply(each)
        })
        expect(restored.proposals).toEqual(whole.proposals.slice(asked))
        expect(restored.search.state()).toEqual(whole.search.state())
      }),
    )
  })

  test('starts with the keys it is given, then the spread sample, then children of what succeeded', () => {
    const initial = ['0.0.0.0.0.0.0.0', '2.2.2.2.2.2.2.2']
    const search = createEvolution({ ...options, initial })
    const first = search.ask(14)
    expect(first.slice(0, 2).map(({ key }) => key)).toEqual(initial)
    expect(new Set(first.map(({ operator }) => operator))).toEqual(new Set(['sample']))
    const results = first.map(({ key }) => evaluate(key))
    search.tell(results)
    const succeeded = new Set(results.filter((result) => result.objectives !== null).map(({ key }) => key))
    const children = search.ask(30)
    expect(children.map(({ operator }) => operator)).toEqual(expect.arrayContaining(['mutate', 'crossover']))
    for (const { operator, parents } of children) {
      expect(parents).toHaveLength(operator === 'crossover' ? 2 : 1)
      for (const parent of parents) expect(succeeded).toContain(parent)
    }
  })

  test('goes on at random when every training failed', () => {
    const search = createEvolution(options)
    search.tell(search.ask(12).map(({ key }) => ({ key, objectives: null })))
    expect(search.ask(3).map(({ operator }) => operator)).toEqual(['sample', 'sample', 'sample'])
  })

  test('hands out every genome of a finite space exactly once, then fewer than asked', () => {
    const tiny = new CategoricalSpace([{ name: 'a', values: ['x', 'y', 'z'] }, { name: 'b', values: ['p', 'q'] }])
    const search = createEvolution({ space: tiny, objectives, population: 2, seed: 1 })
    const keys: string[] = []
    for (let asked = search.ask(1); asked.length > 0; asked = search.ask(1)) {
      keys.push(asked[0].key)
      search.tell([{ key: asked[0].key, objectives: { top1: keys.length, stepMs: keys.length } }])
    }
    expect([...keys].sort()).toEqual(['0.0', '0.1', '1.0', '1.1', '2.0', '2.1'])
    expect(search.ask(5)).toEqual([])
  })

  test('finds a better front than random search with the same number of trainings', () => {
    const volumeOf = (keys: readonly string[]): number => {
      const costs = keys.flatMap((key) => {
        const { objectives: values } = evaluate(key)
        return values === null ? [] : [[-values.top1, values.stepMs]]
      })
      return hypervolume(costs, [0, 34])
    }
    let evolved = 0
    let random = 0
    for (let seed = 0; seed < 5; seed++) {
      const run = new Run(createEvolution({ ...options, seed }))
      for (let i = 0; i < 120; i++) {
        run.apply({ ask: 2 })
        run.apply({ tell: 1 })
      }
      evolved += volumeOf(run.observations.map(({ key }) => key))
      const rng = createRng(seed)
      random += volumeOf(Array.from({ length: 120 }, () => space.key(space.sample(rng))))
    }
    expect(evolved).toBeGreaterThan(random)
  })

  test('counts a result once, however often it is delivered', () => {
    const [once, twice] = [createEvolution(options), createEvolution(options)]
    const results = once.ask(12).map(({ key }) => evaluate(key))
    twice.ask(12)
    once.tell(results)
    twice.tell(results)
    twice.tell(results.slice(3))
    expect(twice.state()).toEqual(once.state())
  })

  test('keeps feasible candidates under constraints on objectives and on other measurements', () => {
    const search = createEvolution({ ...options, population: 4, constraints: [{ name: 'stepMs', maximum: 10 }, { name: 'params', minimum: 5 }] })
    const keys = search.ask(6).map(({ key }) => key)
    const tell = (i: number, top1: number, stepMs: number, params: number): void => search.tell([{ key: keys[i], objectives: { top1, stepMs, params } }])
    tell(0, 0.9, 11, 9)
    tell(1, 0.9, 9, 4)
    tell(2, 0.1, 10, 5)
    tell(3, 0.2, 9, 6)
    tell(4, 0.3, 8, 7)
    tell(5, 0.4, 7, 8)
    expect(search.state().population).toEqual(keys.slice(2))
  })

  test('makes a proposal from few genomes, however long the population has stayed as it is', () => {
    const wide = new CategoricalSpace(Array.from({ length: 12 }, (_, i) => ({ name: `gene${i}`, values: ['0', '1', '2'] })))
    let made = 0
    const counting = Object.assign(Object.create(wide) as CategoricalSpace, {
      sample: (...given: Parameters<CategoricalSpace['sample']>) => (made++, wide.sample(...given)),
      mutate: (...given: Parameters<CategoricalSpace['mutate']>) => (made++, wide.mutate(...given)),
      crossover: (...given: Parameters<CategoricalSpace['crossover']>) => (made++, wide.crossover(...given)),
    })
    const search = createEvolution({ ...options, space: counting, population: 4 })
    const proposals: Proposal[] = []
    for (let i = 0; i < 4_000; i++) {
      if (i === 3_000) made = 0
      proposals.push(...search.ask(1))
      search.tell([{ key: proposals[i].key, objectives: i === 0 ? { top1: 1, stepMs: 1 } : null }])
    }
    expect(new Set(proposals.map(({ key }) => key)).size).toBe(4_000)
    expect(made).toBeLessThan(8 * 1_000)
    expect(proposals.slice(-1_000).filter(({ operator }) => operator === 'sample').length).toBeLessThan(10)
  })

  test('keeps its state bounded over a long history', () => {
    const large = new CategoricalSpace(Array.from({ length: 30 }, (_, i) => ({ name: `gene${i}`, values: ['0', '1', '2'] })))
    const search = createEvolution({ ...options, space: large })
    for (let i = 0; i < 5_000; i++) {
      const [{ key }] = search.ask(1)
      search.tell([{ key, objectives: { top1: Math.sin(i), stepMs: Math.cos(i) } }])
    }
    expect(JSON.stringify(search.state()).length).toBeLessThan(2_000)
  })

  test.each([
    ['a missing objective', { top1: 0.5 }, /no number for stepMs/],
    ['NaN', { top1: NaN, stepMs: 1 }, /no number for top1/],
  ])('refuses a result with %s and stays as it was', (_, values, message) => {
    const search = createEvolution(options)
    const [first, second] = search.ask(2)
    const before = search.state()
    expect(() => search.tell([evaluate(first.key), { key: second.key, objectives: values }])).toThrow(message)
    expect(search.state()).toEqual(before)
  })

  test.each([
    ['no objectives', { objectives: [] }, /at least one objective/],
    ['an objective twice', { objectives: [objectives[0], objectives[0]] }, /each objective once/],
    ['a population of one', { population: 1 }, /at least 2/],
    ['a constraint without bounds', { constraints: [{ name: 'stepMs' }] }, /needs a minimum or a maximum/],
    ['an initial key of another space', { initial: ['0.1'] }, /not a genome of this space/],
  ])('refuses %s', (_, change, message) => {
    expect(() => createEvolution({ ...options, ...change })).toThrow(message)
  })

  test('refuses the state of another algorithm', () => {
    const history = { state: { ...createEvolution(options).state(), algorithm: 'other' }, observations: [], pending: [] }
    expect(() => restoreEvolution(options, history)).toThrow(/of another kind/)
  })
})
