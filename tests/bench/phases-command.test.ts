import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PhasesRow } from '../../bench/phases/compare-phases.js'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'

beforeAll(ensureBuilt)
const demo = join(import.meta.dirname, '../../deploy/examples/demo.yaml')

describe('nasoa bench phases', () => {
  test('compares on as many candidates; where there are no phases, both are the same search', async () => {
    const { code, stdout } = await runProgram('bench', 'phases', '--config', demo, '--candidates', '12,40', '--seeds', '2', '--json')
    expect(code).toBe(0)
    const { rows } = JSON.parse(stdout) as { readonly rows: readonly PhasesRow[] }
    expect(rows.map(({ candidates, budgets }) => [candidates, budgets])).toEqual([[12, []], [40, [4, 4]]])
    expect(rows[0].phased).toBe(rows[0].joint)
    for (const { phased, joint } of rows) for (const value of [phased, joint]) expect(value).toBeGreaterThan(0)
  })

  test.each([['--candidates', 'many'], ['--seeds', '0'], ['--in-flight', '1.5']])('refuses %s %s in one line', async (option, value) => {
    const { code, stderr } = await runProgram('bench', 'phases', option, value)
    expect(code).toBe(2)
    expect(stderr).toContain(option)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
