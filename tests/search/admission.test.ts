import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AdmissionState, StepTimeConstraint } from '../../coordinator/search/admission.js'
import { resumeSearch } from '../../coordinator/search/resume-search.js'
import type { Observation, Search } from '../../coordinator/search/search.js'
import { type SearchSpecification, createSearch } from '../../coordinator/search/search-specification.js'
import { spaceSchema } from '../../shared/config/space-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import { smallSpace } from '../support/small-space.js'
import { type Event, Run } from './toy-problem.js'

const size = { resolution: 32, classes: 10 }

/** Known to the device alone. */
function stepMsOf(key: string, resolution = size.resolution): number {
  const { macs, activations } = genomeCost(parseGenome(key), { ...size, resolution })
  return 1 + macs * 3e-5 + activations * 2e-4
}

function measure(key: string, deviceClass = 'a', speed = 1): Observation {
  const { macs } = genomeCost(parseGenome(key), size)
  const stepMs = stepMsOf(key) / speed
  return { key, deviceClass, objectives: { top1: Math.log10(macs) / 10, stepMs, imagesPerSecond: 16_000 / stepMs } }
}

function specification(maximumMs: number | null, changes: Partial<SearchSpecification> = {}): SearchSpecification {
  const stepTime: StepTimeConstraint = { bound: { minimumMs: 0, maximumMs: maximumMs ?? Infinity }, batch: 16, ...size, measuredAt: [{ fidelity: 1, resolution: 32 }] }
  return {
    algorithm: 'nasoa',
    bounds: spaceSchema.parse(smallSpace),
    objectives: [
      { name: 'top1', direction: 'maximize' },
      { name: 'imagesPerSecond', direction: 'maximize' },
    ],
    population: 8,
    seed: 3,
    ...(maximumMs === null ? {} : { stepTime, constraints: [{ name: 'stepMs', maximum: maximumMs }] }),
    ...changes,
  }
}

const admissionIn = (search: Search): AdmissionState => search.state().admission as AdmissionState

/** One after the other. @returns their step times */
function train(search: Search, count: number, judge = measure): number[] {
  return Array.from({ length: count }, () => {
    const [{ key }] = search.ask(1)
    search.tell([judge(key)])
    return stepMsOf(key)
  })
}

const algorithms = ['nasoa', 'nsga2', 'random'] as const
const bound = 12

describe('a search with a constraint on the step time', () => {
  test.each(algorithms)('%s trains less that breaks it, and counts what it turned away', (algorithm) => {
    const breaking = (search: Search): number => train(search, 40).filter((stepMs) => stepMs > 1.5 * bound).length
    const { stepTime, ...unaware } = specification(bound, { algorithm })
    const search = createSearch({ ...unaware, ...(stepTime && { stepTime }) })
    // The first three nobody can judge.
    expect(breaking(search)).toBeLessThanOrEqual(3)
    expect(breaking(createSearch(unaware))).toBeGreaterThan(3)
    expect(admissionIn(search).refused).toBeGreaterThan(0)
    expect(admissionIn(search).concededInARow).toBe(0)
  })

  test('a constraint on throughput is one on the step time', () => {
    const constraints = [{ name: 'imagesPerSecond', minimum: 16_000 / bound }]
    const search = createSearch(specification(bound, { constraints }))
    train(search, 30)
    expect(admissionIn(search).refused).toBeGreaterThan(0)
  })

  test('a bound that nothing keeps to turns away, and goes on with what is nearest', () => {
    const search = createSearch(specification(1e-3, { algorithm: 'nsga2' }))
    const stepMs = train(search, 30)
    expect(stepMs).toHaveLength(30)
    expect(admissionIn(search).concededInARow).toBeGreaterThanOrEqual(25)
    expect(admissionIn(search).recent.length).toBeLessThanOrEqual(256)
    const mean = (some: number[]): number => some.reduce((sum, each) => sum + each, 0) / some.length
    expect(mean(stepMs.slice(-10))).toBeLessThan(mean(train(createSearch(specification(null, { algorithm: 'nsga2' })), 10)))
  })

  test('a bound that everything keeps to changes nothing', () => {
    const bounded = createSearch(specification(1e6))
    const unaware = createSearch({ ...specification(null), constraints: [{ name: 'stepMs', maximum: 1e6 }] })
    expect(train(bounded, 30)).toEqual(train(unaware, 30))
    const { admission, ...state } = bounded.state()
    expect(state).toEqual(unaware.state())
    expect(admission).toEqual({ refused: 0, concededInARow: 0, recent: [] })
  })

  test('what a faster device keeps to is trained', () => {
    const refused = (judge: (key: string) => Observation): number => {
      const search = createSearch(specification(bound, { algorithm: 'random' }))
      train(search, 30, judge)
      return admissionIn(search).refused
    }
    let turn = 0
    expect(refused((key) => measure(key, 'a'))).toBeGreaterThan(0)
    expect(refused((key) => (turn++ % 2 === 0 ? measure(key, 'a') : measure(key, 'b', 100)))).toBe(0)
  })

  test.each(algorithms)('%s continues bit for bit from what a store keeps, split at any point, with phases and shares of trainings', (algorithm) => {
    const event: fc.Arbitrary<Event> = fc.oneof(fc.record({ ask: fc.integer({ min: 0, max: 4 }) }), fc.record({ tell: fc.integer({ min: 0, max: 4 }) }), fc.constant({ withdraw: 1 } as const))
    const events = fc.array(event, { minLength: 1, maxLength: 40 })
    const phases = [{ name: 'block', budget: 6 }, { name: 'joint', budget: Infinity }] as const
    const changes = fc.constantFrom<Partial<SearchSpecification>>({}, { phases }, { leastFidelity: 0.5 })
    fc.assert(
      fc.property(events, events, changes, (before, after, change) => {
        const stepTime = { ...(specification(bound).stepTime as StepTimeConstraint), measuredAt: [{ fidelity: 0.5, resolution: 16 }, { fidelity: 1, resolution: 32 }] }
        const searched = specification(bound, { algorithm, ...change, stepTime })
        const judge = (key: string): Observation => (change.leastFidelity === undefined ? measure(key) : { ...measure(key), fidelity: change.leastFidelity })
        const whole = new Run(createSearch(searched), judge)
        before.forEach((each) => whole.apply(each))
        const history = whole.history()
        const restored = new Run(resumeSearch(searched, history), judge)
        restored.pending = [...history.pending]
        const asked = whole.proposals.length
        after.forEach((each) => {
          whole.apply(each)
          restored.apply(each)
        })
        expect(restored.proposals).toEqual(whole.proposals.slice(asked))
        expect(JSON.stringify(restored.search.state())).toBe(JSON.stringify(whole.search.state()))
      }),
      { numRuns: 25 },
    )
  })
})
