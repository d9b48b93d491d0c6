import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-tables-'))
const values = [0, 1, 2, 3]

/** A complete table: 4^3 rows, of which the trade-off is known. */
function table(name: string, row: (a: number, b: number, c: number) => string): string {
  const path = join(folder, name)
  const rows = values.flatMap((a) => values.flatMap((b) => values.map((c) => `${a},${b},${c},${row(a, b, c)}`)))
  writeFileSync(path, `a,b,c,accuracy,cost\n${rows.join('\n')}\n`)
  return path
}

const good = table('good.csv', (a, b, c) => `${Math.sqrt(a + b + c)},${a * a + b + c}`)
const constant = table('constant.csv', (a) => `1,${a}`)
const broken = table('broken.csv', (a, b) => `${a === 2 && b === 1 ? 'nan' : a},${b}`)
const words = (path: string, evaluations = 20): string[] =>
  ['bench', 'search', '--table', path, '--genes', 'a,b,c', '--maximize', 'accuracy', '--minimize', 'cost', '--evaluations', String(evaluations), '--seeds', '2', '--json']

interface Report {
  readonly hypervolume: { readonly mean: number; readonly std: number; readonly perSeed: readonly number[] }
  readonly evaluations: number
  readonly algorithm: string
}

beforeAll(ensureBuilt)

describe('nasoa bench search', () => {
  test.each(['nasoa', 'nsga2', 'random'])('%s: all rows evaluated give the same hypervolume for every seed', async (algorithm) => {
    const { code, stdout } = await runProgram(...words(good, 64), '--algorithm', algorithm)
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as Report
    expect(report).toMatchObject({ evaluations: 64, algorithm })
    const [first, second] = report.hypervolume.perSeed
    expect(second).toBeCloseTo(first, 12)
    expect(report.hypervolume.mean).toBeCloseTo(first, 12)
  })

  test('the same call gives the same numbers', async () => {
    const [first, second] = await Promise.all([runProgram(...words(good)), runProgram(...words(good))])
    expect(second.stdout).toBe(first.stdout)
  })

  test.each<[string, string[], RegExp]>([
    ['a column that is not there', words(good).map((word) => (word === 'cost' ? 'price' : word)), /price/],
    ['a gene that is not there', words(good).map((word) => (word === 'a,b,c' ? 'a,b,d' : word)), /\bd\b/],
    ['a constant objective', words(constant), /accuracy/],
    ['a value that is no number', words(broken), /accuracy|nan/i],
    ['fewer rows than evaluations', words(good, 65), /64/],
    ['a hole in a list of numbers', [...words(good, 20), '--checkpoints', '5,,10'], /--checkpoints .* got ''/],
    ['a hole in a list of columns', words(good, 20).map((word) => (word === 'a,b,c' ? 'a,,c' : word)), /column/],
    ['a table that is not there', words(join(folder, 'none.csv')), /none\.csv/],
  ])('%s is refused in one line', async (_, given, expected) => {
    const { code, stderr } = await runProgram(...given)
    expect(stderr).toMatch(expected)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(2)
  })
})
