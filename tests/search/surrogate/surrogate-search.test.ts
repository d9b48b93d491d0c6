import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArchitectureSpace } from '../../../coordinator/search/architecture-space.js'
import { createEvolution } from '../../../coordinator/search/evolution.js'
import { hypervolume } from '../../../coordinator/search/hypervolume.js'
import { ListedSpace } from '../../../coordinator/search/listed-space.js'
import type { Search } from '../../../coordinator/search/search.js'
import { fitSurrogate } from '../../../coordinator/search/surrogate/surrogate.js'
import { createSurrogateSearch, restoreSurrogateSearch } from '../../../coordinator/search/surrogate/surrogate-search.js'
import { genomeCost } from '../../../shared/network/genome-cost.js'
import { createRng } from '../../../shared/rng.js'
import { defaultBounds } from '../../../shared/space/bounds.js'
import { parseGenome } from '../../../shared/space/parse.js'
import { type Event, Run, evaluate, objectives, space } from '../toy-problem.js'

const options = { space, objectives, population: 12, seed: 7 }
const listed = new ListedSpace(space.genes, createRng(1).shuffle(Array.from({ length: space.size }, (_, i) => space.at(i))).slice(0, 150))

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ ask: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ tell: fc.integer({ min: 1, max: 6 }) }),
  fc.constant({ withdraw: 1 } as const),
)
/** Enough to reach the model. */
const warmUp: Event[] = Array.from({ length: 15 }, () => [{ ask: 3 }, { tell: 2 }]).flat()

function volumeOf(keys: readonly string[]): number {
  const costs = keys.flatMap((key) => {
    const { objectives: values } = evaluate(key)
    return values === null ? [] : [[-values.top1, values.stepMs]]
  })
  return hypervolume(costs, [0, 34])
}

describe('model-assisted search', () => {
  test.each([['all combinations', space], ['a list', listed]])('of %s never asks the same key twice and continues bit for bit, split at any point', (_, searched) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.array(event, { minLength: 1, maxLength: 12 }), (before, after) => {
        const whole = new Run(createSurrogateSearch({ ...options, space: searched }))
        for (const each of [...warmUp, ...before]) whole.apply(each)
        const history = whole.history()
        // A store may return what is in flight in another order.
        const restored = new Run(restoreSurrogateSearch({ ...options, space: searched, seed: 0 }, { ...history, pending: [...history.pending].reverse() }))
        restored.pending = [...history.pending]
        const asked = whole.proposals.length
        for (const each of after) {
          whole.apply(each)
          restored.apply(each)
        }
        expect(restored.proposals).toEqual(whole.proposals.slice(asked))
        expect(JSON.parse(JSON.stringify(restored.search.state()))).toEqual(JSON.parse(JSON.stringify(whole.search.state())))
        expect(new Set(whole.proposals.map(({ key }) => key)).size).toBe(whole.proposals.length)
      }),
      { numRuns: 4 },
    )
  })

  test('reaches with 60 trainings more than evolution does with 120', () => {
    const evaluated = (search: Search, count: number): string[] => {
      const run = new Run(search)
      for (let i = 0; i < count; i++) {
        run.apply({ ask: 1 })
        run.apply({ tell: 1 })
      }
      return run.observations.map(({ key }) => key)
    }
    let modelled = 0
    let evolved = 0
    for (let seed = 0; seed < 2; seed++) {
      modelled += volumeOf(evaluated(createSurrogateSearch({ ...options, seed }), 60))
      evolved += volumeOf(evaluated(createEvolution({ ...options, seed }), 120))
    }
    expect(modelled).toBeGreaterThan(evolved)
  })

  test('with fits from outside takes the same course as with its own, when they are applied as they fall due', () => {
    const own = new Run(createSurrogateSearch(options))
    const search = createSurrogateSearch({ ...options, fitting: 'external' })
    const outside = new Run(search)
    for (let i = 0; i < 20; i++) {
      const task = search.fitDue()
      if (task !== null) search.applyFit(JSON.parse(JSON.stringify(fitSurrogate(structuredClone(task)))) as ReturnType<typeof fitSurrogate>)
      for (const run of [own, outside]) {
        run.apply({ ask: 2 })
        run.apply({ tell: 2 })
      }
    }
    expect(outside.proposals).toEqual(own.proposals)
  })

  test('goes on with what it has while no fit is applied, and refuses one from the future', () => {
    const search = createSurrogateSearch({ ...options, fitting: 'external' })
    const run = new Run(search)
    for (let i = 0; i < 40; i++) {
      run.apply({ ask: 1 })
      run.apply({ tell: 1 })
    }
    expect(search.state().fit).toBeNull()
    const fit = fitSurrogate(search.fitDue() as NonNullable<ReturnType<typeof search.fitDue>>)
    expect(() => search.applyFit({ ...fit, results: 41 })).toThrow(/ahead of the search/)
    search.applyFit(fit)
    expect(search.fitDue()).toBeNull()
  })

  test('spreads a batch over the front instead of asking for neighbours of one point', () => {
    const run = new Run(createSurrogateSearch(options))
    for (let i = 0; i < 40; i++) {
      run.apply({ ask: 1 })
      run.apply({ tell: 1 })
    }
    const times = run.search.ask(8).flatMap(({ key }) => evaluate(key).objectives?.stepMs ?? [])
    expect(new Set(times).size).toBeGreaterThanOrEqual(4)
  })

  test('hands out every genome of a list, though nothing promises an improvement any more', () => {
    const tiny = new ListedSpace(space.genes, listed.genomes.slice(0, 40))
    const search = createSurrogateSearch({ ...options, space: tiny })
    const keys = Array.from({ length: 40 }, () => {
      const [{ key }] = search.ask(1)
      search.tell([{ key, objectives: { top1: 0.5, stepMs: 3 } }])
      return key
    })
    expect(new Set(keys).size).toBe(40)
    expect(search.ask(1)).toEqual([])
  })

  test('keeps away from what fails and from what breaks a constraint', () => {
    const broken = (key: string): boolean => key.startsWith('2')
    const slow = (key: string): number => space.parse(key)[7]
    const search = createSurrogateSearch({ ...options, constraints: [{ name: 'memory', maximum: 1 }] })
    const asked: string[] = []
    for (let i = 0; i < 90; i++) {
      const [{ key }] = search.ask(1)
      asked.push(key)
      const total = space.parse(key).reduce((sum, value) => sum + value, 0)
      search.tell([{ key, objectives: broken(key) ? null : { top1: total / 20, stepMs: 1 + total ** 2, memory: slow(key) } }])
    }
    const share = (keys: readonly string[], wanted: (key: string) => boolean): number => keys.filter(wanted).length / keys.length
    expect(share(asked.slice(50), broken)).toBeLessThan(0.25)
    expect(share(asked.slice(50), (key) => slow(key) > 1)).toBeLessThan(0.25)
  })

  test('takes three objectives and not four', () => {
    const three = [...objectives, { name: 'params', direction: 'minimize' }] as const
    const search = createSurrogateSearch({ ...options, objectives: three })
    for (let i = 0; i < 30; i++) {
      const [{ key }] = search.ask(1)
      search.tell([{ key, objectives: { top1: Math.sin(i), stepMs: 2 + Math.cos(i), params: i } }])
    }
    expect(search.ask(3)).toHaveLength(3)
    expect(() => createSurrogateSearch({ ...options, objectives: [...three, { name: 'macs', direction: 'minimize' }] })).toThrow(/at most 3 objectives/)
  })

  test('searches the architecture space', () => {
    const architectures = new ArchitectureSpace(defaultBounds)
    const search = createSurrogateSearch({ ...options, space: architectures })
    const keys: string[] = []
    for (let i = 0; i < 26; i++) {
      const [{ key }] = search.ask(1)
      const { macs } = genomeCost(parseGenome(key), defaultBounds.measuredAt)
      keys.push(key)
      search.tell([{ key, objectives: { top1: Math.log10(macs) / 12, stepMs: macs / 1e8 } }])
    }
    expect(new Set(keys).size).toBe(26)
    expect(search.state().fit).not.toBeNull()
    for (const key of keys) expect(architectures.features(parseGenome(key))).toHaveLength(architectures.featureLayout.groupOfColumn.length)
  })
})
