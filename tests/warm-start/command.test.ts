import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'

beforeAll(ensureBuilt)
const folder = mkdtempSync(join(tmpdir(), 'nasoa-warm-start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const config = (seed: number, warmStart: string): string => `
seed: ${seed}
data: { directory: "builtin:digits", imagesPerClass: 20, validationImagesPerClass: 5 }
space:
  operationsPerBlock: { min: 1, max: 2 }
  stemChannels: [4, 8]
  multipliers: [2]
  blocks: { min: 2, max: 3 }
  downsamplings: { min: 1, max: 1 }
  doublings: { min: 1, max: 1 }
  finalWidth: { min: 8, max: 16 }
  measuredAt: { resolution: 16, classes: 10 }
training: { epochs: 1, batch: 16, resolution: 16, augmentation: none }
search: { population: 4, candidates: 4, warmStart: [${warmStart}] }
workers: { local: 1 }
`

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

interface ZooOutput {
  readonly candidates: number
  readonly takenOver: number
}

describe('nasoa search run with a warm start', () => {
  test('takes the results of an earlier search over, named relative to the config, and trains others', async () => {
    const first = await runProgram('search', 'run', '--config', write('first.yaml', config(1, '')), '--output', join(folder, 'first'), '--json')
    expect(first.code).toBe(0)
    const second = await runProgram('search', 'run', '--config', write('second.yaml', config(2, '{ from: first }')), '--output', join(folder, 'second'), '--json')
    expect(second.code).toBe(0)
    expect(JSON.parse(second.stdout) as ZooOutput).toMatchObject({ candidates: 4, takenOver: (JSON.parse(first.stdout) as ZooOutput).candidates })
    const shown = await runProgram('zoo', join(folder, 'second'))
    expect(shown.stdout).toContain('4 candidates trained, 4 taken over from other searches')
  }, 180_000)

  test.each([
    ['what is not there', '{ from: nowhere }', /search\.warmStart\.0: there is no .*nowhere/],
    ['a column that is not there', '{ from: list.csv, columns: { top1: accuracy } }', /list\.csv has no column accuracy; it has encoding, top1/],
    ['an unknown key', '{ from: list.csv, column: { top1: accuracy } }', /unknown key 'search\.warmStart\.0\.column'; did you mean 'columns'/],
  ])('refuses %s in one line, and makes no folder', async (_, source, expected) => {
    write('list.csv', 'encoding,top1\n020-_8_1-1-2,0.5\n')
    const output = join(folder, 'none')
    const { code, stderr } = await runProgram('search', 'run', '--config', write('bad.yaml', config(1, source)), '--output', output)
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(expected)
  })
})
