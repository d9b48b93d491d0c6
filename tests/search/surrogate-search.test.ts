import { describe, expect, test } from 'vitest'
import { hypervolume } from '../../coordinator/search/hypervolume.js'
import { createRandomSearch } from '../../coordinator/search/random-search.js'
import { createSurrogateSearch, restoreSurrogateSearch } from '../../coordinator/search/surrogate/surrogate-search.js'
import { Run, objectives, space } from './toy-problem.js'

const options = { space, objectives, population: 10, seed: 3 }

/** Three in flight at a time, as on three workers. */
function evaluateAll(run: Run, evaluations: number): Run {
  run.apply({ ask: 3 })
  while (run.observations.length < evaluations) {
    run.apply({ tell: 1 })
    run.apply({ ask: 1 })
  }
  return run
}

function dominated({ observations }: Run): number {
  const points = observations.flatMap(({ objectives: found }) => (found === null ? [] : [[-found.top1, found.stepMs]]))
  return hypervolume(points, [0, 40])
}

describe('the model-assisted search', () => {
  test('asks nothing twice, and the same seed asks the same', () => {
    const [first, second] = [1, 2].map(() => evaluateAll(new Run(createSurrogateSearch(options)), 40))
    const keys = first.proposals.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(second.proposals).toEqual(first.proposals)
  })

  test.each([3, 12, 30])('continues exactly from what a store kept after %d results', (split) => {
    const whole = evaluateAll(new Run(createSurrogateSearch(options)), 40)
    const before = evaluateAll(new Run(createSurrogateSearch(options)), split)
    const after = new Run(restoreSurrogateSearch(options, before.history()))
    after.observations.push(...before.observations)
    after.pending = [...before.pending]
    while (after.observations.length < 40) {
      after.apply({ tell: 1 })
      after.apply({ ask: 1 })
    }
    expect([...before.proposals, ...after.proposals]).toEqual(whole.proposals)
  })

  test('finds a better front than random search with as many evaluations', () => {
    const mean = (make: (seed: number) => Run): number => [1, 2, 3].map((seed) => dominated(make(seed))).reduce((a, b) => a + b) / 3
    const assisted = mean((seed) => evaluateAll(new Run(createSurrogateSearch({ ...options, seed })), 60))
    const random = mean((seed) => evaluateAll(new Run(createRandomSearch({ space, seed })), 60))
    expect(assisted).toBeGreaterThan(random)
  })
})
