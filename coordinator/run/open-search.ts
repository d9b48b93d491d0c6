import { randomUUID } from 'node:crypto'
import { objectiveDirections, type SearchConfig } from '../../shared/config/search-config.js'
import type { Candidate } from '../../shared/cluster/candidate.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { Objective } from '../search/objective.js'
import { resumeSearch } from '../search/resume-search.js'
import type { Observation, SearchHistory } from '../search/search.js'
import { createSearch, type SearchSpecification } from '../search/search-specification.js'
import type { SearchStore, StoredSearch } from '../store/store.js'
import { readSources } from '../warm-start/read-source.js'
import { type WarmStart, warmStartOf } from '../warm-start/warm-start.js'
import { exhaustion } from './budget.js'
import { takenOverOperator } from './candidates-in-flight.js'
import { Climb } from './climb.js'
import { evaluationDigest } from './evaluation-digest.js'
import { fidelityOf, isWhole } from './fidelity.js'
import { isVerdict, observationOf } from './observation.js'
import { withPhases } from './phases-of.js'
import { requireSameSearch } from './same-search.js'
import { hostInProcess, type HostSearch, type SearchHost } from './search-host.js'
import type { PendingCandidate, StartingPoint } from './starting-point.js'
import { SearchStatistics } from './statistics.js'
import { stepTimeConstraintOf } from './step-time-constraint.js'
import { TrainingLengths } from './training-lengths.js'
import type { ResolvedDataset } from './training-specification.js'

export interface OpenedSearch {
  /** Tells this search from every other one. */
  readonly id: string
  readonly search: SearchHost
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly lengths: TrainingLengths
  readonly start: StartingPoint
  /** What it began with that was known from elsewhere; null = nothing. */
  readonly warmStart: WarmStart | null
  readonly costOf: (encoding: string) => NetworkCost
}

export interface OpenOptions {
  readonly config: SearchConfig
  readonly dataset: ResolvedDataset
  readonly store: SearchStore
  /** For messages. */
  readonly directory: string
  readonly nowMs: number
  readonly leaseTtlMs: number
  /** Default: the search lives in this thread, where each fit of a model is made by the proposal that finds it due. */
  readonly hostSearch?: HostSearch | undefined
}

/**
 * Begins the search of a store, or goes on with the one that is in it: recovery after a crash and a planned restart are this
 * same path.
 * @throws InvalidInputError when the stored search was begun with another config
 */
export function openSearch(options: OpenOptions): OpenedSearch {
  const { dataset, store } = options
  const stored = store.search()
  const config = withPhases(options.config, stored === null ? null : (stored.config as SearchConfig))
  const { resolution } = config.training
  const costOf = (encoding: string): NetworkCost => genomeCost(parseGenome(encoding), { resolution, classes: dataset.classes })
  const known: Known = { statistics: new SearchStatistics(objectivesOf(config), config.constraints), climb: new Climb(config, objectivesOf(config)), lengths: new TrainingLengths(config) }
  const opened = stored === null ? begin({ ...options, config }, costOf) : resume(stored, { ...options, config }, known)
  return { ...opened, ...known, warmStart: store.search()?.warmStart ?? null, costOf }
}

export function objectivesOf({ objectives }: SearchConfig): Objective[] {
  return objectives.map((name) => ({ name, direction: objectiveDirections[name] }))
}

/** What the search itself is told of a config. */
export function searchOf(config: SearchConfig, classes: number): SearchSpecification {
  const stepTime = stepTimeConstraintOf(config, classes)
  return {
    algorithm: config.search.algorithm,
    bounds: config.space,
    objectives: objectivesOf(config),
    constraints: config.constraints,
    population: config.search.population,
    seed: config.seed,
    initial: config.search.initial,
    ...(stepTime && { stepTime }),
    leastFidelity: fidelityOf(config, 0),
    phases: (config.phases ?? []).map(({ name, budget = Infinity }) => ({ name, budget })),
  }
}

/** What the results so far add up to. */
interface Known {
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly lengths: TrainingLengths
}

function hostOf({ config, dataset, hostSearch }: OpenOptions, history: SearchHistory): SearchHost {
  const specification = searchOf(config, dataset.classes)
  return hostSearch === undefined ? hostInProcess(resumeSearch(specification, history)) : hostSearch(specification, history)
}

function begin(options: OpenOptions, costOf: OpenedSearch['costOf']): Pick<OpenedSearch, 'id' | 'search' | 'start'> {
  const { config, dataset, store, nowMs } = options
  const evaluation = evaluationDigest(config, dataset)
  const sources = readSources(config.search.warmStart)
  const warmStart = sources.length === 0 ? null : warmStartOf(sources, { config, evaluation, costOf })
  const initial = [...config.search.initial, ...(warmStart?.first ?? [])]
  const state = createSearch({ ...searchOf(config, dataset.classes), initial }).state()
  const id = randomUUID()
  store.create({ id, name: config.name, config, createdAtMs: nowMs, state, evaluation, warmStart })
  const search = hostOf(options, { state, observations: [], pending: [] })
  const start: StartingPoint = {
    status: 'running',
    statusReason: '',
    ending: null,
    elapsedMs: 0,
    lastCandidate: 0,
    lastJobId: 0,
    lastTold: 0,
    lostAttempts: {},
    pending: [],
    warmStart,
    takenOver: 0,
    jobs: [],
  }
  return { id, search, start }
}

function resume(stored: StoredSearch, options: OpenOptions, known: Known): Pick<OpenedSearch, 'id' | 'search' | 'start'> {
  const { config, store, directory, nowMs, leaseTtlMs } = options
  requireSameSearch(stored.config as SearchConfig, config, directory)
  const { observations, takenOver } = readResults(store.told(), config, known)
  for (const { sequence, rung } of store.promotions()) known.climb.restore(sequence, rung)
  const pending = store.pending()
  const proposals = pending.map(({ encoding, operator, parents }) => ({ key: encoding, operator, parents }))
  const search = hostOf(options, { state: stored.state, observations, pending: proposals })
  const start: StartingPoint = {
    ...stored,
    ...statusOf(stored, config, known),
    // Nothing is proposed before it is settled what is taken over.
    warmStart: stored.lastCandidate > 0 ? null : stored.warmStart,
    takenOver,
    pending: [...pending.map((candidate) => pendingOf(candidate, 0)), ...store.climbing().map((candidate) => pendingOf(candidate, candidate.rung + 1))],
    // Whoever held a lease when the last coordinator ended gets a full one, to come back and say so.
    jobs: store.openJobs(nowMs + leaseTtlMs),
  }
  return { id: stored.id, search, start }
}

function pendingOf({ sequence, encoding, params, macs, activations }: Candidate, rung: number): PendingCandidate {
  return { sequence, encoding, rung, params, macs, activations }
}

function readResults(told: Iterable<Candidate>, config: SearchConfig, { statistics, climb, lengths }: Known): { observations: Observation[]; takenOver: number } {
  const observations: Observation[] = []
  let takenOver = 0
  for (const candidate of told) {
    const { encoding, outcome, rung } = candidate
    const isOwn = candidate.operator !== takenOverOperator
    if (outcome === null || !isVerdict(outcome)) throw new TypeError(`candidate ${candidate.sequence} was told without a result`)
    observations.push(observationOf(encoding, candidate, outcome, fidelityOf(config, rung)))
    statistics.tell(encoding, candidate, outcome, { isFirst: isOwn && rung === 0, isWhole: isWhole(config, rung) })
    lengths.tell(candidate, outcome, rung)
    if (isOwn) climb.tell(pendingOf(candidate, rung), outcome)
    else takenOver++
  }
  return { observations, takenOver }
}

/** A search that used up its budget goes on when the config now gives it more; one that failed, since what it failed of is mended. */
function statusOf(stored: StoredSearch, config: SearchConfig, { statistics, climb }: Known): Pick<StartingPoint, 'status' | 'statusReason' | 'ending'> {
  const { status, statusReason, ending } = stored
  const budget = { candidates: config.search.candidates, timeLimitMs: config.search.timeLimit ?? null }
  const goesOn = (status === 'finished' || status === 'failed') && exhaustion(budget, statistics.trained, stored.elapsedMs, () => climb.isDue) === null
  return goesOn ? { status: 'running', statusReason: '', ending: null } : { status, statusReason, ending }
}
