import { InvalidInputError, messageOf } from '../../shared/errors.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { parseGenome } from '../../shared/space/parse.js'
import { columnOf, parseCsvTable, readTableText } from '../../shared/read-csv.js'
import type { KnownNetwork, WarmStartSource } from './known-network.js'

/** Names of a table's columns; those left out have the names that zoo.csv has. */
export interface WarmStartColumns {
  readonly encoding?: string | undefined
  readonly top1?: string | undefined
  /** Training step, milliseconds. */
  readonly stepMs?: string | undefined
}

/** The canonical encoding of what a source names. @throws InvalidInputError with the place */
export function canonicalAt(encoding: string, where: string): string {
  try {
    return canonicalEncoding(parseGenome(encoding))
  } catch (error) {
    throw new InvalidInputError(`${where}: ${messageOf(error)}`, {}, { cause: error })
  }
}

/**
 * A CSV list of encodings with known values. Accuracies are shares, or percent where one of them is above 1.
 * @throws InvalidInputError with file and line
 */
export function readTable(path: string, from: string, columns: WarmStartColumns): WarmStartSource {
  const { header, rows } = parseCsvTable(path, readTableText(path))
  const encodingColumn = columnOf(path, header, columns.encoding ?? 'encoding')
  const top1Column = columnOf(path, header, columns.top1 ?? 'top1')
  const stepColumn = columns.stepMs === undefined && !header.includes('stepMs') ? null : columnOf(path, header, columns.stepMs ?? 'stepMs')
  const numberAt = (cells: readonly string[], column: number, where: string): number => {
    const value = cells[column].trim() === '' ? NaN : Number(cells[column])
    if (!Number.isFinite(value) || value < 0) throw new InvalidInputError(`${where}: ${header[column]} is '${cells[column]}', which is no number of at least 0`)
    return value
  }
  const read = rows.map(({ cells, where }) => ({
    encoding: canonicalAt(cells[encodingColumn], where),
    top1: numberAt(cells, top1Column, where),
    stepMs: stepColumn === null ? null : numberAt(cells, stepColumn, where),
    where,
  }))
  const beyond = read.find(({ top1 }) => top1 > 100)
  if (beyond !== undefined) throw new InvalidInputError(`${beyond.where}: ${header[top1Column]} is ${beyond.top1}, which is no accuracy`)
  const whole = read.some(({ top1 }) => top1 > 1) ? 100 : 1
  const networks: KnownNetwork[] = read.map(({ encoding, top1, stepMs }) => ({ encoding, top1: top1 / whole, stepMs }))
  return { from, areTimesComparable: true, networks, results: [], evaluation: null }
}
