import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Observation, Proposal } from '../../coordinator/search/search.js'
import { type SearchSpecification, createSearch } from '../../coordinator/search/search-specification.js'
import { ThreadedSearch } from '../../coordinator/search-thread/threaded-search.js'
import { mean } from '../../shared/mean.js'
import { quantile } from '../../shared/quantile.js'
import { createRng } from '../../shared/rng.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { knownResults, measure } from './known-networks.js'

export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface AskRow {
  /** Results known at the start. */
  readonly results: number
  readonly inFlight: number
  readonly candidates: number
  /** From the request to the proposal, milliseconds; the result told before it is taken in meanwhile. */
  readonly askMs: Spread
  /** Median of each tenth of the candidates, in order: whether it grows with what is told. */
  readonly askMsByTenth: readonly number[]
  /** How long the owner's event loop stood still, milliseconds. */
  readonly eventLoopMs: Spread
  readonly candidatesPerSecond: number
  /** Processor time of all threads for a candidate, fits included, milliseconds. */
  readonly processorMs: number
  readonly fits: number
  /** Mean duration of a fit, beside the asks, milliseconds; null = there was none. */
  readonly fitMs: number | null
}

export interface BenchAskOptions {
  readonly results: number
  readonly inFlight: number
  /** Results told one by one, with an ask after each. */
  readonly candidates: number
  readonly seed: number
  /** Told after every thousand candidates. */
  readonly progress: (candidates: number) => void
}

const specification = (seed: number): SearchSpecification => ({
  algorithm: 'nasoa',
  bounds: defaultBounds,
  objectives: [
    { name: 'top1', direction: 'maximize' },
    { name: 'stepMs', direction: 'minimize' },
  ],
  population: 24,
  seed,
})

const spreadOf = (values: readonly number[]): Spread => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) })

function tenths(values: readonly number[]): number[][] {
  const ends = Array.from({ length: 11 }, (_, i) => Math.round((i * values.length) / 10))
  return ends.slice(1).map((end, i) => values.slice(ends[i], end)).filter((part) => part.length > 0)
}

/** The model-assisted search of architectures as a coordinator runs it, in threads of its own: one result, one ask, and so on. */
export async function benchAsk({ results, inFlight, candidates, seed, progress }: BenchAskOptions): Promise<AskRow> {
  const rng = createRng(seed)
  const observations = knownResults(results, defaultBounds, rng)
  const fits: number[] = []
  let firstFitMade = (): void => undefined
  const firstFit = new Promise<void>((resolve) => (firstFitMade = resolve))
  const search = new ThreadedSearch({
    specification: specification(seed),
    history: { state: createSearch(specification(seed)).state(), observations, pending: [] },
    observe: (event) => {
      if (event.kind !== 'fit') throw new Error(`the search is in trouble: ${event.reason}`)
      fits.push(event.durationMs)
      firstFitMade()
    },
  })
  try {
    const ask = (count: number): Promise<Proposal[]> => new Promise((resolve) => search.ask(count, resolve))
    await firstFit
    const pending = (await ask(inFlight)).map(({ key }) => key)
    fits.length = 0
    const askMs: number[] = []
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const processor = process.cpuUsage()
    const start = performance.now()
    for (let i = 0; i < candidates; i++) {
      const observation: Observation = measure(pending.splice(rng.integer(pending.length), 1)[0], defaultBounds, rng)
      const asked = performance.now()
      search.tell([observation])
      const [proposal] = await ask(1)
      askMs.push(performance.now() - asked)
      pending.push(proposal.key)
      if ((i + 1) % 1000 === 0) progress(i + 1)
    }
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(processor)
    delay.disable()
    return {
      results,
      inFlight,
      candidates,
      askMs: spreadOf(askMs),
      askMsByTenth: tenths(askMs).map((part) => quantile(part, 0.5)),
      eventLoopMs: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
      candidatesPerSecond: (1000 * candidates) / elapsed,
      processorMs: (user + system) / 1000 / candidates,
      fits: fits.length,
      fitMs: fits.length === 0 ? null : mean(fits),
    }
  } finally {
    search.close()
  }
}
