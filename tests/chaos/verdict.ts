import { join } from 'node:path'
import Database from 'libsql'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import type { Reign } from './coordinator.js'
import { outcomeFor } from './known-outcome.js'

export interface WhatMustHold {
  /** Folder of the search. */
  readonly output: string
  readonly candidates: number
  /** Jobs whose results workers were told are in the store. */
  readonly delivered: ReadonlySet<number>
  /** Of all coordinators. */
  readonly reigns: readonly Reign[]
  /** The last that the running coordinator showed. */
  readonly last: SearchSnapshot
}

/**
 * Checks a search that has ended against its rows, read with SQL: no result lost, none counted twice, every job ended, and the
 * archive that the coordinator had in memory is the one that the rows give.
 * @throws Error saying what does not hold
 */
export function judge({ output, candidates, delivered, reigns, last }: WhatMustHold): { readonly lostAttempts: number } {
  const { status, told } = readSearchRecord(output)
  require(status === 'finished', `the search is ${status}`)
  require(told.length === candidates, `${told.length} results of ${candidates}`)
  require(told.every(({ toldSequence }, index) => toldSequence === index + 1), 'results are not numbered 1, 2, 3, ...')
  require(new Set(told.map(({ encoding }) => encoding)).size === candidates, 'a network was trained twice')
  require(told.every(isTrue), 'a result is not what its training gave')
  checkArchive(told, last)
  const database = new Database(join(output, 'search.db'), { readonly: true })
  try {
    checkReigns(database, reigns)
    return checkJobs(database, delivered)
  } finally {
    database.close()
  }
}

function checkJobs(database: Database.Database, delivered: ReadonlySet<number>): { readonly lostAttempts: number } {
  const one = (sql: string): number => (database.prepare(sql).get() as { n: number }).n
  require((database.pragma('integrity_check', { simple: true }) as { integrity_check: string }).integrity_check === 'ok', 'the database is damaged')
  require(one("SELECT count(*) AS n FROM jobs WHERE state <> 'done'") === 0, 'a job did not end')
  require(one("SELECT count(*) AS n FROM candidates WHERE status = 'pending'") === 0, 'a candidate is still pending')
  const counted = `SELECT job FROM attempts WHERE outcome NOT IN ('failed', 'cancelled')`
  require(one(`SELECT count(*) - count(DISTINCT job) AS n FROM (${counted})`) === 0, 'two attempts of one job counted')
  const rows = database.prepare(`SELECT jobs.id FROM jobs JOIN candidates ON sequence = candidate WHERE status = 'told' AND jobs.id IN (${counted})`).all()
  const told = new Set((rows as { id: number }[]).map(({ id }) => id))
  require(told.size === one("SELECT count(*) AS n FROM candidates WHERE status = 'told'"), 'a result has no attempt that gave it')
  for (const jobId of delivered) require(told.has(jobId), `the result of job ${jobId} was confirmed and is lost`)
  return { lostAttempts: one("SELECT count(*) AS n FROM attempts WHERE outcome = 'failed'") }
}

/**
 * Once a coordinator serves, no earlier one gets anything into the store: of the results that were told after it took over, none
 * was confirmed by a coordinator of a lower epoch.
 */
function checkReigns(database: Database.Database, reigns: readonly Reign[]): void {
  const rows = database.prepare('SELECT jobs.id, told_sequence FROM jobs JOIN candidates ON sequence = candidate WHERE told_sequence IS NOT NULL').all()
  const told = new Map((rows as { id: number; told_sequence: number }[]).map(({ id, told_sequence }) => [id, told_sequence]))
  for (const { epoch, confirmed } of reigns) {
    const later = reigns.filter((other) => other.epoch > epoch)
    const end = Math.min(...later.map(({ trainedBefore }) => trainedBefore))
    for (const job of confirmed) require((told.get(job) ?? 0) <= end, `a coordinator of epoch ${epoch} wrote the result of job ${job} when a later one led`)
  }
  require(new Set(reigns.map(({ epoch }) => epoch)).size === reigns.length, 'two coordinators led under one epoch')
}

/** By brute force and by other formulas than the coordinator's. */
function checkArchive(told: readonly Candidate[], last: SearchSnapshot): void {
  require(last.trained === told.length && last.status === 'finished', `the last snapshot has ${last.trained} results, status ${last.status}`)
  const points = told.flatMap(({ outcome }) => (outcome?.kind === 'succeeded' ? [outcome.result] : [])).map(({ top1, stepMs, imagesPerSecond }) => {
    return { top1, imagesPerSecond, error: 1 - top1, logStep: Math.log(stepMs.median) }
  })
  const isBetter = (a: (typeof points)[0], b: (typeof points)[0]): boolean => a.top1 >= b.top1 && a.imagesPerSecond >= b.imagesPerSecond && a !== b
  const front = points.filter((each) => !points.some((other) => isBetter(other, each)))
  require(last.frontSize === front.length, `the front has ${last.frontSize} candidates, the rows give ${front.length}`)
  require(last.mostAccurate?.top1 === Math.max(...points.map(({ top1 }) => top1)), 'the most accurate candidate is not that of the rows')
  const volume = dominatedArea(points.map(({ error, logStep }) => [error, logStep] as const))
  require(Math.abs(last.hypervolume - volume) < 1e-9, `the hypervolume is ${last.hypervolume}, the rows give ${volume}`)
}

/** Area that the points dominate, each axis scaled to its range, up to (1, 1). */
function dominatedArea(points: readonly (readonly [number, number])[]): number {
  const scaled = (axis: 0 | 1): ((point: readonly [number, number]) => number) => {
    const values = points.map((point) => point[axis])
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return (point) => (point[axis] - low) / (high - low)
  }
  const [x, y] = [scaled(0), scaled(1)]
  const sorted = points.map((point) => [x(point), y(point)] as const).sort(([a], [b]) => a - b)
  let [area, lowest] = [0, 1]
  for (const [at, height] of sorted) {
    if (height >= lowest) continue
    area += (1 - at) * (lowest - height)
    lowest = height
  }
  return area
}

function isTrue({ encoding, outcome }: Candidate): boolean {
  return JSON.stringify(sorted(outcome)) === JSON.stringify(sorted(outcomeFor(encoding)))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([key, each]) => [key, sorted(each)]))
}

function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}
