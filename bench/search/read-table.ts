import { InvalidInputError, messageOf } from '../../shared/errors.js'
import { columnOf, parseCsvTable, readTableText } from '../../shared/read-csv.js'
import { type RawRow, type SearchTable, createSearchTable } from './search-table.js'

export interface TableColumns {
  /** Gene columns of a CSV table; the digits of its keys are the genes of a JSON table. */
  readonly genes: readonly string[]
  readonly maximize: string
  readonly minimize: string
}

/**
 * A CSV file with a header, or a JSON file `{"<digits>": {column: number, ...}, ...}`.
 * @throws InvalidInputError with file, line or key, and column.
 */
export function readSearchTable(path: string, columns: TableColumns): SearchTable {
  const text = readTableText(path)
  if (!path.toLowerCase().endsWith('.json')) return fromCsv(path, text, columns)
  if (columns.genes.length > 0) throw new InvalidInputError(`${path}: the digits of a JSON table's keys are its genes; leave --genes out`)
  return fromJson(path, text, columns)
}

function requireNumber(value: unknown, where: string, column: string): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (Number.isFinite(number)) return number
  const found = value === undefined || value === '' ? 'nothing' : JSON.stringify(value).slice(0, 40)
  throw new InvalidInputError(`${where}: ${column} must be a number, found ${found}; mend or remove that row`)
}

function fromCsv(path: string, text: string, { genes, maximize, minimize }: TableColumns): SearchTable {
  if (genes.length === 0) throw new InvalidInputError(`${path} is a CSV table: name its gene columns with --genes g1,g2,...`)
  const { header, rows: body } = parseCsvTable(path, text)
  const at = (name: string): number => columnOf(path, header, name)
  const geneColumns = genes.map(at)
  const [best, least] = [at(maximize), at(minimize)]
  const rows = body.map(({ cells, where }): RawRow => {
    const values = geneColumns.map((column) => cells[column])
    const empty = values.indexOf('')
    if (empty >= 0) throw new InvalidInputError(`${where}: gene ${genes[empty]} is empty; mend or remove that row`)
    return { genes: values, maximize: requireNumber(cells[best], where, maximize), minimize: requireNumber(cells[least], where, minimize) }
  })
  return createTable(path, genes, rows, { maximize, minimize })
}

function parseJson(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidInputError(`${path}: ${messageOf(error)}`, {}, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${path}: a JSON table is an object of rows by key, for example {"0121": {"accuracy": 0.9, "flops": 1e6}}`)
  }
  return value as Readonly<Record<string, unknown>>
}

function fromJson(path: string, text: string, { maximize, minimize }: TableColumns): SearchTable {
  const entries = Object.entries(parseJson(path, text))
  const length = entries[0]?.[0].length ?? 0
  const rows = entries.map(([key, value]): RawRow => {
    const where = `${path}, row ${JSON.stringify(key)}`
    if (!/^\d+$/.test(key) || key.length !== length) throw new InvalidInputError(`${where}: keys must be digits, one a gene, all of one length (${length})`)
    const row = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
    for (const name of [maximize, minimize]) columnOf(where, Object.keys(row), name)
    return { genes: [...key], maximize: requireNumber(row[maximize], where, maximize), minimize: requireNumber(row[minimize], where, minimize) }
  })
  return createTable(path, Array.from({ length }, (_, i) => `gene${i}`), rows, { maximize, minimize })
}

function createTable(path: string, genes: readonly string[], rows: readonly RawRow[], columns: { readonly maximize: string; readonly minimize: string }): SearchTable {
  try {
    return createSearchTable(genes, rows, columns)
  } catch (error) {
    throw error instanceof InvalidInputError ? new InvalidInputError(`${path}: ${error.message}`, {}, { cause: error }) : error
  }
}
