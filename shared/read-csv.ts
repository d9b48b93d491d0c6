import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { InvalidInputError, messageOf } from './errors.js'

/** A row of a CSV table, its cells as written. */
export interface CsvRow {
  readonly cells: readonly string[]
  /** path:line, for messages. */
  readonly where: string
}

export interface CsvTable {
  readonly header: readonly string[]
  readonly rows: readonly CsvRow[]
}

interface Line {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** @throws InvalidInputError when the file cannot be read. */
export function readTableText(path: string): string {
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

/**
 * The text of a CSV file with a header.
 * @throws InvalidInputError with file and line.
 */
export function parseCsvTable(path: string, text: string): CsvTable {
  const [head, ...body] = parseLines(path, text)
  if (head === undefined) throw new InvalidInputError(`${path} is empty; a table starts with a line of column names`)
  return { header: head.record, rows: body.map(({ record, info }) => ({ cells: record, where: `${path}:${info.lines}` })) }
}

/** @throws InvalidInputError when there is no such column. */
export function columnOf(path: string, header: readonly string[], name: string): number {
  const column = header.indexOf(name)
  if (column < 0) throw new InvalidInputError(`${path} has no column ${name}; it has ${header.join(', ')}`)
  return column
}
