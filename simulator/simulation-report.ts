import { createHash } from 'node:crypto'
import type { Leader, SearchSnapshot } from '../shared/cluster/search-snapshot.js'
import type { MemoryStore } from './memory-store.js'
import type { Absence } from './simulated-host.js'
import type { SimulationConfig } from './simulation-config.js'
import type { SlotTimes } from './slot-ledger.js'

/** Slot hours of a class of workers, or of all. */
export interface SlotHours {
  readonly alive: number
  /** Of attempts that finished or still run. */
  readonly useful: number
  readonly lost: number
  readonly idle: number
}

export interface ClassReport {
  readonly name: string
  readonly slots: number
  readonly slotHours: SlotHours
  readonly utilisation: number
}

export interface SimulationReport {
  readonly virtualHours: number
  /** Finished, with whatever result. */
  readonly candidates: number
  /** Slot time of attempts that finished or still run / slot time of living workers. */
  readonly utilisation: number
  /** Of error and of log step time, scaled to the range of all candidates. */
  readonly hypervolume: number
  /** Hash of the final state: equal seeds and configs give equal digests. */
  readonly digest: string
  readonly seed: number
  readonly status: SearchSnapshot['status']
  readonly statusReason: string
  readonly slotHours: SlotHours
  readonly candidatesPerHour: number
  readonly classes: readonly ClassReport[]
  readonly running: number
  readonly queued: number
  readonly frontSize: number
  readonly mostAccurate: Leader | null
  readonly fastest: Leader | null
  readonly unsuccessful: SearchSnapshot['unsuccessful']
  readonly lostAttempts: SearchSnapshot['lostAttempts']
  readonly absences: Readonly<Record<Absence, number>>
  /** That were simulated. */
  readonly events: number
  readonly warnings: readonly string[]
}

export interface ReportSources {
  readonly config: SimulationConfig
  readonly times: ReadonlyMap<string, SlotTimes>
  readonly snapshot: SearchSnapshot
  readonly virtualMs: number
  readonly absences: Readonly<Record<Absence, number>>
  readonly events: number
  readonly digest: string
}

const millisecondsPerHour = 3_600_000

export function reportOf({ config, times, snapshot, virtualMs, absences, events, digest }: ReportSources): SimulationReport {
  const classes = config.simulation.workers.map(({ name, count, slots }) => {
    const slotHours = hoursOf(times.get(name) ?? { aliveMs: 0, usefulMs: 0, lostMs: 0, idleMs: 0 })
    return { name, slots: count * slots, slotHours, utilisation: shareOf(slotHours) }
  })
  const slotHours = sumOf(classes.map((each) => each.slotHours))
  const virtualHours = virtualMs / millisecondsPerHour
  const { status, statusReason, queued, frontSize, mostAccurate, fastest, unsuccessful, lostAttempts, warnings } = snapshot
  return {
    virtualHours,
    candidates: snapshot.trained,
    utilisation: shareOf(slotHours),
    hypervolume: snapshot.hypervolume,
    digest,
    seed: config.seed,
    status,
    statusReason,
    slotHours,
    candidatesPerHour: virtualHours > 0 ? snapshot.trained / virtualHours : 0,
    classes,
    running: snapshot.runningTotal,
    queued,
    frontSize,
    mostAccurate,
    fastest,
    unsuccessful,
    lostAttempts,
    absences: { ...absences },
    events,
    warnings,
  }
}

function hoursOf({ aliveMs, usefulMs, lostMs, idleMs }: SlotTimes): SlotHours {
  const hours = (durationMs: number): number => durationMs / millisecondsPerHour
  return { alive: hours(aliveMs), useful: hours(usefulMs), lost: hours(lostMs), idle: hours(idleMs) }
}

function sumOf(parts: readonly SlotHours[]): SlotHours {
  const sum = (part: keyof SlotHours): number => parts.reduce((total, each) => total + each[part], 0)
  return { alive: sum('alive'), useful: sum('useful'), lost: sum('lost'), idle: sum('idle') }
}

function shareOf({ alive, useful }: SlotHours): number {
  return alive > 0 ? useful / alive : 0
}

export interface FinalState {
  readonly virtualMs: number
  readonly store: MemoryStore
  readonly times: unknown
  readonly absences: unknown
}

/** SHA-256 of everything that is left of a search: its state, candidates, open jobs, and what time was spent on. Not of its id. */
export function digestOf({ store, ...state }: FinalState): string {
  const hash = createHash('sha256').update(JSON.stringify({ ...state, search: { ...store.search(), id: '' }, jobs: store.openJobs(0) }))
  for (const candidate of store.candidates({ afterSequence: 0, limit: Infinity, status: null })) hash.update(JSON.stringify(candidate))
  return hash.digest('hex')
}
