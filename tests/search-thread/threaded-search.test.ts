import { Worker } from 'node:worker_threads'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { resumeSearch } from '../../coordinator/search/resume-search.js'
import type { Observation, Proposal, SearchHistory } from '../../coordinator/search/search.js'
import { createSearch, type SearchSpecification } from '../../coordinator/search/search-specification.js'
import type { SearchThreadData } from '../../coordinator/search-thread/messages.js'
import { ThreadedSearch, type SearchThreadEvent, type ThreadedSearchOptions } from '../../coordinator/search-thread/threaded-search.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { builtModule } from '../../shared/package-root.js'
import { parseGenome } from '../../shared/space/parse.js'
import { smallSpace } from '../support/small-space.js'
import { spaceSchema } from '../../shared/config/space-config.js'

const bounds = spaceSchema.parse(smallSpace)
const specification: SearchSpecification = {
  algorithm: 'nasoa',
  bounds,
  objectives: [
    { name: 'top1', direction: 'maximize' },
    { name: 'stepMs', direction: 'minimize' },
  ],
  population: 8,
  seed: 3,
}

function evaluate(key: string): Observation {
  const { macs, params } = genomeCost(parseGenome(key), bounds.measuredAt)
  return { key, objectives: { top1: Math.log10(params) / 10 + (key.length % 3) / 50, stepMs: macs / 1e6 } }
}

const beginning = (): SearchHistory => ({ state: createSearch(specification).state(), observations: [], pending: [] })

const opened: ThreadedSearch[] = []
afterEach(() => {
  for (const search of opened.splice(0)) search.close()
})
beforeAll(ensureBuilt)

/** A threaded search with what a store would have of it. */
class Hosted {
  readonly events: SearchThreadEvent[] = []
  readonly threads: Worker[] = []
  readonly observations: Observation[] = []
  pending: Proposal[] = []
  readonly search: ThreadedSearch
  private readonly listeners = new Set<() => void>()

  constructor(options: Partial<ThreadedSearchOptions> = {}) {
    const startThread = (data: SearchThreadData): Worker => {
      const thread = options.startThread?.(data) ?? new Worker(builtModule('coordinator/search-thread/main'), { workerData: data })
      this.threads.push(thread)
      return thread
    }
    const observe = (event: SearchThreadEvent): void => {
      this.events.push(event)
      for (const listener of this.listeners) listener()
    }
    this.search = new ThreadedSearch({ specification, history: beginning(), observe, ...options, startThread })
    opened.push(this.search)
  }

  ask(count: number): Promise<Proposal[]> {
    return new Promise((resolve) => {
      this.search.ask(count, (proposals) => {
        this.pending.push(...proposals)
        resolve(proposals)
      })
    })
  }

  tell(count: number): void {
    const results = this.pending.splice(0, count).map(({ key }) => evaluate(key))
    this.observations.push(...results)
    this.search.tell(results)
  }

  sees(kind: SearchThreadEvent['kind']): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.events.some((event) => event.kind === kind)) return
        this.listeners.delete(look)
        resolve()
      }
      this.listeners.add(look)
      look()
    })
  }

  history(): SearchHistory {
    return JSON.parse(JSON.stringify({ state: this.search.state(), observations: this.observations, pending: this.pending })) as SearchHistory
  }
}

const keysOf = (proposals: readonly Proposal[]): string[] => proposals.map(({ key }) => key)

describe('a search in a thread of its own', () => {
  test('proposes what it would in the thread of its owner, and never answers within the call', async () => {
    const hosted = new Hosted()
    const own = createSearch(specification)
    for (let i = 0; i < 6; i++) {
      let delivered = false
      hosted.search.ask(3, (proposals) => {
        delivered = true
        hosted.pending.push(...proposals)
      })
      expect(delivered).toBe(false)
      const expected = own.ask(3)
      await hosted.ask(0)
      expect(hosted.pending.slice(-3)).toEqual(expected)
      own.tell(hosted.pending.slice(0, 2).map(({ key }) => evaluate(key)))
      hosted.tell(2)
    }
  })

  test('continues from what its owner knows, told and withdrawn since the latest proposals included', async () => {
    const hosted = new Hosted()
    await hosted.ask(12)
    hosted.tell(5)
    await hosted.ask(2)
    hosted.tell(3)
    hosted.search.withdraw(keysOf(hosted.pending.splice(-1)))
    const resumed = resumeSearch(specification, hosted.history())
    expect(keysOf(resumed.ask(4))).toEqual(keysOf(await hosted.ask(4)))
    // And once more from a state that was resumed from.
    const second = new Hosted({ history: hosted.history() })
    const next = keysOf(await second.ask(3))
    expect(next).toEqual(keysOf(await hosted.ask(3)))
  })

  test('fits a model beside the proposals, and says which fit is in force', async () => {
    const hosted = new Hosted()
    await hosted.ask(30)
    hosted.tell(25)
    await hosted.sees('fit')
    const proposals = await hosted.ask(2)
    expect(hosted.search.state().fit).toMatchObject({ results: 23 })
    expect(new Set(keysOf([...proposals, ...hosted.pending])).size).toBe(hosted.pending.length)
    const resumed = new Hosted({ history: hosted.history() })
    expect(await resumed.ask(2)).toEqual(await hosted.ask(2))
  })

  test('a thread that dies is started again: no request is lost and no proposal is made twice', async () => {
    const hosted = new Hosted()
    await hosted.ask(25)
    hosted.tell(22)
    const requested = [hosted.ask(2), hosted.ask(1)]
    await hosted.threads[0].terminate()
    hosted.tell(1)
    const answers = (await Promise.all(requested)).map(keysOf)
    expect(answers.map((keys) => keys.length)).toEqual([2, 1])
    const all = [...hosted.observations.map(({ key }) => key), ...keysOf(hosted.pending)]
    expect(new Set(all).size).toBe(28)
    expect(hosted.events.filter(({ kind }) => kind === 'restarted').length).toBeLessThanOrEqual(1)
    expect(hosted.search.trouble).toBeNull()
  })

  test('a thread that dies again and again goes on without its model, and then is lost, loudly', async () => {
    const dies = (): Worker => new Worker('throw new Error("no such luck")', { eval: true })
    const hosted = new Hosted({ startThread: dies })
    const reason = await new Promise<string>((resolve) => hosted.search.onLost(resolve))
    expect(reason).toMatch(/no such luck/)
    expect(hosted.events.map(({ kind }) => kind)).toEqual(['restarted', 'without_model', 'lost'])
    expect(hosted.search.trouble).toBe(reason)
  })

  test('without its model it is plain evolution, and says so', async () => {
    let starts = 0
    const startThread = (data: SearchThreadData): Worker =>
      ++starts < 3 ? new Worker('throw new Error("model")', { eval: true }) : new Worker(builtModule('coordinator/search-thread/main'), { workerData: data })
    const hosted = new Hosted({ startThread })
    const own = createSearch(specification, 'never')
    for (let i = 0; i < 8; i++) {
      expect(keysOf(await hosted.ask(4))).toEqual(keysOf(own.ask(4)))
      own.tell(hosted.pending.slice(0, 4).map(({ key }) => evaluate(key)))
      hosted.tell(4)
    }
    expect(hosted.search.trouble).toMatch(/plain evolution/)
  })
})
