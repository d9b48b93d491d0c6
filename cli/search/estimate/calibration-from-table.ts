import { basename } from 'node:path'
import { columnOf, parseCsvTable, readTableText } from '../../../shared/read-csv.js'
import { genomeAt, timeAt } from '../../../bench/step-time/read-timed-networks.js'
import { measuredStep } from '../../../coordinator/step-time/measured-step.js'
import { InvalidInputError } from '../../../shared/errors.js'
import { formatGenome } from '../../../shared/space/format.js'
import { type Precision, precisionChoices } from '../../../shared/training/specification.js'
import { type Calibration, joined } from './calibration.js'

/** What the rows of a table were measured at, where no column says. */
export interface TableDefaults {
  readonly timeColumn: string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly precision: Precision
  readonly overheadMs: number
}

/**
 * A CSV table with a header, one timed network a row: column `encoding`, one of the milliseconds a training step took and, where they
 * differ from the config, `batch`, `resolution`, `classes`, `precision` and `device_class`.
 * @throws InvalidInputError with file, line and column
 */
export function calibrationFromTable(path: string, { timeColumn, overheadMs, ...defaults }: TableDefaults): Calibration[] {
  const { header, rows } = parseCsvTable(path, readTableText(path))
  const [encoding, time] = [columnOf(path, header, 'encoding'), columnOf(path, header, timeColumn)]
  const calibrations = rows.map(({ cells, where }): Calibration => {
    const cell = (name: string): string | undefined => cells.at(header.indexOf(name)) || undefined
    const optional = (name: string): string | undefined => (header.includes(name) ? cell(name) : undefined)
    const size = (name: 'batch' | 'resolution' | 'classes'): number => sizeAt(where, name, optional(name), defaults[name])
    const step = measuredStep({
      encoding: formatGenome(genomeAt(where, cells[encoding])),
      stepMs: timeAt(where, timeColumn, cells[time]),
      batch: size('batch'),
      resolution: size('resolution'),
      classes: size('classes'),
    })
    const precision = precisionAt(where, optional('precision'), defaults.precision)
    return { deviceClass: optional('device_class') ?? basename(path), precision, steps: [step], trainings: [], overheadMs }
  })
  return joined(calibrations)
}

function sizeAt(where: string, name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value
  throw new InvalidInputError(`${where}: ${name} must be a positive integer, found ${JSON.stringify(text.slice(0, 40))}; mend or remove that row`)
}

function precisionAt(where: string, text: string | undefined, fallback: Precision): Precision {
  const known = precisionChoices.filter((each) => each !== 'auto')
  if (text === undefined) return fallback
  const found = known.find((each) => each === text)
  if (found !== undefined) return found
  throw new InvalidInputError(`${where}: precision must be one of ${known.join(', ')}, found ${JSON.stringify(text.slice(0, 40))}; mend or remove that row`)
}
