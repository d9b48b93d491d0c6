import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'nasoa-step-time-'))
afterAll(() => rmSync(directory, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function bench(...words: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [join(root, 'bin/nasoa.js'), 'bench', 'step-time', ...words], (_, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }))
  })
}

function table(name: string, ...lines: readonly string[]): string {
  const path = join(directory, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('nasoa bench step-time', () => {
  test('prints errors, costs and predictions as JSON', async () => {
    const path = join(root, 'tests/fixtures/training-steps-v100.csv')
    const { code, stdout } = await bench('--table', path, '--encoding-column', 'encoding', '--time-column', 'train_step_ms', '--json')
    expect(code).toBe(0)
    const printed = JSON.parse(stdout) as { rows: number; leaveOneOut: { mape: number; folds: number }; predictions: { measuredMs: number; predictedMs: number }[] }
    expect(printed.rows).toBe(12)
    expect(printed.leaveOneOut.folds).toBe(12)
    const errors = printed.predictions.map(({ measuredMs, predictedMs }) => Math.abs(predictedMs / measuredMs - 1))
    expect(printed.leaveOneOut.mape).toBeCloseTo(errors.reduce((a, b) => a + b) / 12, 9)
  })

  test.each([
    ['a missing column', ['encoding,other', '020-_16_11,1'], /has no column ms; it has encoding, other$/],
    ['a time that is no number', ['encoding,ms', '020-_16_11,1', '020-_16_11-1,NaN'], /:3 \(row 2\): ms must be a positive number of milliseconds, found "NaN"/],
    ['an empty time', ['encoding,ms', '020-_16_11,'], /:2 \(row 1\): ms must be a positive number of milliseconds, found nothing/],
    ['an encoding that is none', ['encoding,ms', '020-_16_11,1', '', '9-_16_11,2'], /:4 \(row 2\): "9-_16_11" is no valid encoding: expected an operation .* at position 0/],
    ['too few rows', ['encoding,ms', '020-_16_11,1'], /has 1 rows; leaving one out needs at least 4$/],
    ['a line with a cell too many', ['encoding,ms', '020-_16_11,1,2'], /Invalid Record Length/],
  ])('refuses %s in one line, exit 2', async (name, lines, message) => {
    const { code, stdout, stderr } = await bench('--table', table(`${name.replaceAll(' ', '-')}.csv`, ...lines), '--time-column', 'ms', '--json')
    expect(code).toBe(2)
    const { error } = JSON.parse(stdout) as { error: { message: string } }
    expect(error.message).toMatch(message)
    expect(stderr).toContain(error.message)
    expect(error.message).not.toContain('\n')
  })
})
