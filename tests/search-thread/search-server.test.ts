import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restoreSurrogateSearch, createSurrogateSearch } from '../../coordinator/search/surrogate/surrogate-search.js'
import { type SurrogateFit, type SurrogateFitTask, fitSurrogate } from '../../coordinator/search/surrogate/surrogate.js'
import type { Proposal, Search, SearchHistory } from '../../coordinator/search/search.js'
import { SearchServer } from '../../coordinator/search-thread/search-server.js'
import type { FitMade, ProposalsMade, SearchReport } from '../../coordinator/search-thread/messages.js'
import { evaluate, objectives, space } from '../search/toy-problem.js'

const options = { space, objectives, population: 12, seed: 5, fitting: 'external' } as const

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** What happens to a search and to the thread it lives in. */
type Event = { readonly ask: number } | { readonly tell: number } | { readonly withdraw: 1 } | { readonly fitArrives: SurrogateFit | null }

/** A thread's side of a search whose fits arrive when a test says so. */
class Thread {
  readonly proposals: Proposal[] = []
  readonly tasks: SurrogateFitTask[] = []
  private pending: Proposal[]
  private readonly observations: SearchHistory['observations'][number][]
  private readonly server: SearchServer
  private finishFit: (made: FitMade) => void = () => undefined
  private latest: ProposalsMade | null = null

  constructor(private readonly search: Search, { observations, pending }: Pick<SearchHistory, 'observations' | 'pending'>) {
    this.observations = [...observations]
    this.pending = [...pending]
    this.server = new SearchServer(search, observations.length, (task) => this.fit(task), (report) => this.receive(report))
  }

  static begin(): Thread {
    return new Thread(createSurrogateSearch(options), { observations: [], pending: [] })
  }

  /** A thread that takes over from this one, as after a crash of it: a fit that was going on is lost. */
  restarted(): Thread {
    const history = plain({ state: this.search.state(), observations: this.observations, pending: this.pending })
    return new Thread(restoreSurrogateSearch({ ...options, seed: 0 }, history), history)
  }

  async apply(event: Event): Promise<void> {
    if ('ask' in event) this.server.receive({ kind: 'ask', count: event.ask })
    else if ('tell' in event) this.tell(this.pending.splice(0, event.tell))
    else if ('withdraw' in event) this.server.receive({ kind: 'withdraw', keys: this.pending.splice(-1).map(({ key }) => key) })
    else await this.arrive(event.fitArrives)
  }

  get state(): unknown {
    return plain(this.latest?.state)
  }

  private tell(proposals: readonly Proposal[]): void {
    const observations = proposals.map(({ key }) => evaluate(key))
    this.observations.push(...observations)
    this.server.receive({ kind: 'tell', observations })
  }

  private fit(task: SurrogateFitTask): Promise<FitMade> {
    this.tasks.push(task)
    return new Promise((resolve) => (this.finishFit = resolve))
  }

  /** The fit, or else that of the task which is going on. */
  private async arrive(fit: SurrogateFit | null): Promise<void> {
    const task = this.tasks.at(-1)
    if (fit === null && task === undefined) return
    this.finishFit({ fit: plain(fit ?? fitSurrogate(task as SurrogateFitTask)), durationMs: 0 })
    await Promise.resolve()
  }

  private receive(report: SearchReport): void {
    if (report.kind !== 'proposals') return
    this.latest = plain(report)
    this.proposals.push(...report.proposals)
    this.pending.push(...report.proposals)
  }
}

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ask: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ tell: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ withdraw: 1 } as const) },
  { weight: 2, arbitrary: fc.constant({ fitArrives: null }) },
)
const warmUp: Event[] = Array.from({ length: 14 }, () => [{ ask: 3 }, { tell: 2 }]).flat()

describe('the thread of a search', () => {
  test('proposes the same after a restart in the middle of a fit, when the fits come into force at the same points', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.array(event, { minLength: 2, maxLength: 10 }), async (before, after) => {
        const whole = Thread.begin()
        for (const each of [...warmUp, ...before]) await whole.apply(each)
        const successor = whole.restarted()
        const asked = whole.proposals.length
        for (const each of [{ ask: 1 }, ...after, { fitArrives: null }, { ask: 2 }]) {
          const inForce = 'fitArrives' in each && whole.tasks.length > 0 ? { fitArrives: plain(fitSurrogate(whole.tasks.at(-1) as SurrogateFitTask)) } : each
          await whole.apply(inForce)
          await successor.apply(inForce)
        }
        expect(successor.proposals).toEqual(whole.proposals.slice(asked))
        expect(successor.state).toEqual(whole.state)
      }),
      { numRuns: 5 },
    )
  })

  test('begins an interrupted fit again, on the same results', async () => {
    const whole = Thread.begin()
    for (const each of warmUp) await whole.apply(each)
    const successor = whole.restarted()
    expect(whole.tasks.length).toBeGreaterThan(0)
    // The first was begun as soon as it was due; what has come in since may have made a later one due.
    const [task] = successor.tasks
    expect(task.results).toBeGreaterThanOrEqual(whole.tasks[0].results)
    expect(successor.restarted().tasks[0]).toEqual(task)
  })

  test('a fit that fails is reported, and tried again when there is more to fit', async () => {
    const reports: SearchReport[] = []
    let tries = 0
    const search = createSurrogateSearch(options)
    const fail = (): Promise<FitMade> => {
      tries++
      return Promise.reject(new Error('out of memory'))
    }
    const server = new SearchServer(search, 0, fail, (report) => reports.push(report))
    for (let i = 0; i < 60; i++) {
      server.receive({ kind: 'ask', count: 1 })
      const made = reports.findLast((report) => report.kind === 'proposals')
      server.receive({ kind: 'tell', observations: (made?.proposals ?? []).map(({ key }) => evaluate(key)) })
      await new Promise<void>((resolve) => queueMicrotask(resolve))
    }
    expect(reports.filter(({ kind }) => kind === 'proposals')).toHaveLength(60)
    expect(reports.filter(({ kind }) => kind === 'fit_failed')).toHaveLength(tries)
    expect(tries).toBeGreaterThan(1)
    expect(tries).toBeLessThan(20)
  })
})
