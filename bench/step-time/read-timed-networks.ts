import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { InvalidInputError, messageOf } from '../../shared/errors.js'
import type { Genome } from '../../shared/space/genome.js'
import { parseEncoding } from '../../shared/space/parse.js'

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

interface Line {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidInputError(`cannot read the table ${path}: ${messageOf(error)}`, {}, { cause: error })
  }
}

function parseLines(path: string, text: string): readonly Line[] {
  try {
    return parse(text, { bom: true, info: true, trim: true, skip_empty_lines: true }) as unknown as Line[]
  } catch (error) {
    const message = error instanceof CsvError ? messageOf(error) : 'not a CSV table'
    throw new InvalidInputError(`${path}: ${message}`, {}, { cause: error })
  }
}

function columnOf(path: string, header: readonly string[], name: string): number {
  const column = header.indexOf(name)
  if (column < 0) throw new InvalidInputError(`${path} has no column ${name}; it has ${header.join(', ')}`)
  return column
}

function genomeAt(where: string, encoding: string): Genome {
  const parsed = parseEncoding(encoding)
  if (parsed.ok) return parsed.genome
  throw new InvalidInputError(`${where}: ${JSON.stringify(encoding.slice(0, 80))} is no valid encoding: ${parsed.reason} at position ${parsed.position}; mend or remove that row`)
}

function timeAt(where: string, column: string, text: string): number {
  const time = text === '' ? NaN : Number(text)
  if (Number.isFinite(time) && time > 0) return time
  throw new InvalidInputError(`${where}: ${column} must be a positive number of milliseconds, found ${text === '' ? 'nothing' : JSON.stringify(text.slice(0, 40))}; mend or remove that row`)
}

/**
 * Reads a CSV table with a header, one timed network a row.
 * @throws InvalidInputError with file, line and column.
 */
export function readTimedNetworks(path: string, { encoding: encodingName, time: timeName }: TimedColumns): TimedNetwork[] {
  const [head, ...body] = parseLines(path, readText(path))
  if (head === undefined) throw new InvalidInputError(`${path} is empty; a table starts with a line of column names`)
  const encodingColumn = columnOf(path, head.record, encodingName)
  const timeColumn = columnOf(path, head.record, timeName)
  return body.map(({ record, info }, index) => {
    const where = `${path}:${info.lines} (row ${index + 1})`
    const encoding = record[encodingColumn]
    return { encoding, genome: genomeAt(where, encoding), stepMs: timeAt(where, timeName, record[timeColumn]) }
  })
}
