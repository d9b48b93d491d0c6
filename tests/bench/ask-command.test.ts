import { beforeAll, describe, expect, test } from 'vitest'
import type { AskRow } from '../../bench/ask/bench-ask.js'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'

beforeAll(ensureBuilt)

describe('nasoa bench ask', () => {
  test('measures the search beside its fits, at each number of results', async () => {
    const { code, stdout } = await runProgram('bench', 'ask', '--results', '50,60', '--in-flight', '3', '--candidates', '12', '--json')
    expect(code).toBe(0)
    const { rows } = JSON.parse(stdout) as { readonly rows: readonly AskRow[] }
    expect(rows.map(({ results, candidates }) => [results, candidates])).toEqual([[50, 12], [60, 12]])
    for (const { askMs, askMsByTenth, candidatesPerSecond } of rows) {
      expect(askMsByTenth).toHaveLength(10)
      expect(Math.max(...askMsByTenth)).toBeLessThanOrEqual(askMs.max)
      expect(askMs.p50).toBeGreaterThan(0)
      expect(askMs.max).toBeGreaterThanOrEqual(askMs.p99)
      expect(candidatesPerSecond).toBeGreaterThan(0)
    }
  })

  test.each([['--results', '10'], ['--results', 'many'], ['--in-flight', '0'], ['--candidates', '1.5']])('refuses %s %s in one line', async (option, value) => {
    const { code, stderr } = await runProgram('bench', 'ask', option, value)
    expect(code).toBe(2)
    expect(stderr).toContain(option)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
