import { statSync } from 'node:fs'
import { fewestExamples } from '../../../coordinator/step-time/step-time-fit.js'
import { type SearchConfig, loadSearchConfig } from '../../../shared/config/search-config.js'
import { parseDuration } from '../../../shared/config/duration.js'
import { InvalidInputError, messageOf } from '../../../shared/errors.js'
import { listOf, requireInteger } from '../../option-values.js'
import { UsageError, printJson, type GlobalOptions } from '../../output.js'
import { type Calibration, joined } from './calibration.js'
import { estimateSearch } from './estimate-search.js'
import { estimateTable } from './estimate-table.js'
import { type PlannedImages, plannedImages } from './planned-images.js'

export interface EstimateArguments extends GlobalOptions {
  readonly config: string
  readonly calibration: string | undefined
  readonly measure: number | undefined
  readonly slots: number | undefined
  readonly timeColumn: string
  readonly overhead: string
}

/** Says what a search would take. @throws InvalidInputError where nothing tells how long steps take */
export async function runEstimate(given: EstimateArguments): Promise<void> {
  if (given.measure !== undefined) requireInteger('measure', given.measure, [fewestExamples, 100])
  if (given.slots !== undefined) requireInteger('slots', given.slots, [1, 100_000])
  const { config } = loadSearchConfig(given.config)
  const { slots = Math.max(1, config.workers.local * config.workers.slots) } = given
  if (given.calibration === undefined && given.measure === undefined) {
    throw new UsageError('there is no calibration, so nothing tells how long steps take: name earlier searches or tables of timed networks with --calibration, or time some networks here with --measure 6')
  }
  const images = await plannedImages(config)
  const calibrations = await calibrationsOf(given, config, images)
  if (calibrations === null) {
    process.exitCode = 130
    return
  }
  const estimates = usable(calibrations, config).map((calibration) => estimateSearch(calibration, { config, images, slots }))
  if (given.json) printJson({ candidates: config.search.candidates, slots, images, estimates })
  else process.stdout.write(`${estimateTable(estimates, slots)}\n`)
}

async function calibrationsOf(given: EstimateArguments, config: SearchConfig, { classes }: PlannedImages): Promise<Calibration[] | null> {
  const overheadMs = parseDuration(given.overhead)
  if (overheadMs === null) throw new UsageError(`--overhead: ${JSON.stringify(given.overhead)} is not a duration such as 10s or 1m`)
  const found: Calibration[] = []
  for (const path of listOf(given.calibration ?? '')) found.push(...(await calibrationOf(path, given.timeColumn, overheadMs, config, classes)))
  if (given.measure === undefined) return joined(found)
  const { calibrationByMeasuring } = await import('./calibration-by-measuring.js')
  const measured = await calibrationByMeasuring(config, classes, given.measure, given.verbose)
  return measured === null ? null : joined([...found, ...measured])
}

async function calibrationOf(path: string, timeColumn: string, overheadMs: number, { training }: SearchConfig, classes: number): Promise<Calibration[]> {
  if (isFolder(path)) return (await import('./calibration-from-search.js')).calibrationFromSearch(path, overheadMs)
  const { batch, resolution } = training
  const precision = training.precision === 'auto' ? 'float32' : training.precision
  return (await import('./calibration-from-table.js')).calibrationFromTable(path, { timeColumn, overheadMs, batch, resolution, classes, precision })
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw new InvalidInputError(`--calibration: cannot read ${path}: ${messageOf(error)}`, {}, { cause: error })
  }
}

/** Those in the config's number format with enough timed steps; those of devices that have the most first. */
function usable(calibrations: readonly Calibration[], { training: { precision } }: SearchConfig): Calibration[] {
  const suited = calibrations.filter((each) => precision === 'auto' || each.precision === precision)
  const enough = suited.filter(({ steps }) => steps.length >= fewestExamples).sort((a, b) => b.steps.length - a.steps.length)
  if (enough.length > 0) return enough
  const found = calibrations.map(({ deviceClass, precision: format, steps }) => `${steps.length} in ${format} on ${deviceClass}`).join('; ')
  const wanted = precision === 'auto' ? '' : ` in ${precision}, as the config trains`
  throw new InvalidInputError(`the calibration has too few timed steps${wanted}: at least ${fewestExamples} on one device class are needed, and there are ${found || 'none'}; name another, or time some networks here with --measure 6`)
}
