import { InvalidInputError } from '../../shared/errors.js'
import type { Genome } from '../../shared/space/genome.js'
import { parseEncoding } from '../../shared/space/parse.js'
import { columnOf, parseCsvTable, readTableText } from '../../shared/read-csv.js'

export interface TimedColumns {
  readonly encoding: string
  readonly time: string
}

/** A row of a table of timed networks. */
export interface TimedNetwork {
  readonly encoding: string
  readonly genome: Genome
  readonly stepMs: number
}

/** @throws InvalidInputError for a cell that holds no encoding */
export function genomeAt(where: string, encoding: string): Genome {
  const parsed = parseEncoding(encoding)
  if (parsed.ok) return parsed.genome
  throw new InvalidInputError(`${where}: ${JSON.stringify(encoding.slice(0, 80))} is no valid encoding: ${parsed.reason} at position ${parsed.position}; mend or remove that row`)
}

/** @throws InvalidInputError for a cell that holds no positive number of milliseconds */
export function timeAt(where: string, column: string, text: string): number {
  const time = text === '' ? NaN : Number(text)
  if (Number.isFinite(time) && time > 0) return time
  throw new InvalidInputError(`${where}: ${column} must be a positive number of milliseconds, found ${text === '' ? 'nothing' : JSON.stringify(text.slice(0, 40))}; mend or remove that row`)
}

/**
 * Reads a CSV table with a header, one timed network a row.
 * @throws InvalidInputError with file, line and column.
 */
export function readTimedNetworks(path: string, { encoding: encodingName, time: timeName }: TimedColumns): TimedNetwork[] {
  const { header, rows } = parseCsvTable(path, readTableText(path))
  const encodingColumn = columnOf(path, header, encodingName)
  const timeColumn = columnOf(path, header, timeName)
  return rows.map(({ cells, where: line }, index) => {
    const where = `${line} (row ${index + 1})`
    const encoding = cells[encodingColumn]
    return { encoding, genome: genomeAt(where, encoding), stepMs: timeAt(where, timeName, cells[timeColumn]) }
  })
}
