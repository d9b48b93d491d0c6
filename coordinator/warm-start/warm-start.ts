import type { SearchConfig } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import { boundsViolation } from '../../shared/space/bounds.js'
import { parseGenome } from '../../shared/space/parse.js'
import { violationOf } from '../search/constraint.js'
import { crowdingDistance } from '../search/crowding-distance.js'
import { nonDominatedSort } from '../search/non-dominated-sort.js'
import type { KnownNetwork, KnownResult, WarmStartSource } from './known-network.js'
import { deviceClassesOf } from './read-earlier-search.js'

/** Of one source, what a search makes of it. */
export interface SourceReport {
  readonly from: string
  /** Networks known there, each once. */
  readonly networks: number
  /** Of these, outside of the search's space, and so of no use. */
  readonly outside: number
  /** Networks that are trained before others. */
  readonly first: number
  /** Why its results cannot count here; null = they can, on a device of one of these classes. */
  readonly reason: string | null
  readonly deviceClasses: readonly string[]
}

/** What a search begins with that is known from elsewhere; settled when it begins, and kept in its store. Plain JSON. */
export interface WarmStart {
  /** Networks to train before others: those that no other of their source is better than. */
  readonly first: readonly string[]
  /** Results that count as the search's own on a device of their class, each network once. */
  readonly results: readonly KnownResult[]
  readonly sources: readonly SourceReport[]
}

export interface WarmStartOptions {
  readonly config: SearchConfig
  /** The search's own. */
  readonly evaluation: string | null
  readonly costOf: (encoding: string) => NetworkCost
}

/** Share of the population that known networks which only inform the search may take up: they have yet to prove themselves here. */
const firstShare = 0.5

/** Puts together what sources are worth to a search. Where two know a network, the first one's result counts. */
export function warmStartOf(sources: readonly WarmStartSource[], options: WarmStartOptions): WarmStart {
  const { config } = options
  const isInside = ({ encoding }: { readonly encoding: string }): boolean => boundsViolation(parseGenome(encoding), config.space) === null
  const most = Math.ceil(firstShare * config.search.population)
  const first = new Set<string>()
  const results = new Map<string, KnownResult>()
  const reports = sources.map((source): SourceReport => {
    const known = new Set([...source.networks, ...source.results].map(({ encoding }) => encoding))
    const reason = whyIncomparable(source, options)
    for (const result of reason === null ? source.results.filter(isInside) : []) if (!results.has(result.encoding)) results.set(result.encoding, result)
    const before = first.size
    for (const encoding of bestOf(source.networks.filter(isInside), source.areTimesComparable, options)) if (first.size < most) first.add(encoding)
    return {
      from: source.from,
      networks: known.size,
      outside: [...known].filter((encoding) => !isInside({ encoding })).length,
      first: first.size - before,
      reason,
      deviceClasses: deviceClassesOf(source.results),
    }
  })
  return { first: [...first], results: [...results.values()], sources: reports }
}

function whyIncomparable({ results, evaluation }: WarmStartSource, options: WarmStartOptions): string | null {
  if (results.length === 0) return 'it has no whole trainings of a search'
  if (options.evaluation === null) return 'the images of this search are not known here'
  if (evaluation === null) return 'it does not say which images it was trained on'
  return evaluation === options.evaluation ? null : 'it was trained with another recipe or on other images'
}

/** The front of a source by the search's objectives, the most remarkable first; nothing that breaks a bound on a count. */
function bestOf(networks: readonly KnownNetwork[], areTimesComparable: boolean, { config, costOf }: WarmStartOptions): string[] {
  const areTimed = areTimesComparable && networks.every(({ stepMs }) => stepMs !== null)
  const counted = config.constraints.filter(({ name }) => name === 'params' || name === 'macs' || name === 'activations')
  const measured = networks.flatMap(({ encoding, top1, stepMs }) => {
    const cost = costOf(encoding)
    const keeps = violationOf({ key: encoding, objectives: { ...cost } }, counted) === 0
    // Where there are no times that can be compared, MACs stand for them.
    const time = areTimed && stepMs !== null ? stepMs : cost.macs
    const costs = config.objectives.map((name) => (name === 'top1' ? -top1 : name === 'stepMs' || name === 'imagesPerSecond' ? time : cost[name]))
    return keeps ? [{ encoding, costs }] : []
  })
  const ranks = nonDominatedSort(measured.map(({ costs }) => costs))
  const front = measured.filter((_, i) => ranks[i] === 0)
  const distances = crowdingDistance(front.map(({ costs }) => costs))
  return front.map(({ encoding }, i) => ({ encoding, distance: distances[i] })).sort((a, b) => order(b.distance, a.distance)).map(({ encoding }) => encoding)
}

function order(a: number, b: number): number {
  return a === b ? 0 : a - b
}

/** Which results count on a device of a class: those measured on such a device, and failures of sources that know no other. */
export function comparableOn(deviceClass: string, { results, sources }: Pick<WarmStart, 'results' | 'sources'>): KnownResult[] {
  const isOnly = sources.every(({ reason, deviceClasses }) => reason !== null || deviceClasses.every((each) => each === deviceClass))
  return results.filter(({ outcome }) => (outcome.kind === 'succeeded' ? outcome.result.deviceClass === deviceClass : isOnly))
}
