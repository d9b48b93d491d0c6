import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { ensureBuilt } from '../../bin/build.js'
import { parseSearchConfig } from '../../shared/config/search-config.js'
import { ensureTensorFlow } from '../../worker/tensorflow/native/ensure.js'
import { Program, runProgram } from '../support/program.js'

interface ZooJson {
  readonly status: string
  readonly candidates: number
  readonly hypervolume: number
  readonly zoo: readonly Readonly<Record<'top1' | 'imagesPerSecond' | 'stepMs' | 'params' | 'macs', number> & { encoding: string }>[]
}

const folder = mkdtempSync(join(tmpdir(), 'nasoa-demo-'))
const readZoo = (directory: string): ZooJson => JSON.parse(readFileSync(join(directory, 'zoo.json'), 'utf8')) as ZooJson

/** The demo's config, edited as its user would: a budget of few candidates, each of few images, and no time limit. */
async function smallConfig(candidates: number): Promise<string> {
  const { stdout } = await runProgram('demo', '--print-config')
  const document = parseDocument(stdout)
  document.setIn(['data', 'imagesPerClass'], 20)
  document.setIn(['data', 'validationImagesPerClass'], 10)
  document.setIn(['search'], { population: 4, candidates })
  document.deleteIn(['training', 'timeLimit'])
  const path = join(folder, 'small.yaml')
  writeFileSync(path, document.toString())
  return path
}

beforeAll(async () => {
  await ensureBuilt()
  await ensureTensorFlow({ progress: () => undefined })
})

describe('a search edited from the demo', () => {
  const output = join(folder, 'search')

  test('Ctrl-C ends it with what it has, and it can be resumed to the end of its budget', { timeout: 300_000 }, async () => {
    const candidates = 6
    const search = new Program(['search', 'run', '--config', await smallConfig(candidates), '--output', output, '--json'])
    await search.sees(/: [1-9]\d* of 6 candidates/)
    search.kill('SIGINT')
    const interrupted = await search.end()
    expect(interrupted.code).toBe(130)
    const first = readZoo(output)
    expect(JSON.parse(interrupted.stdout)).toEqual(first)
    expect(first.candidates).toBeGreaterThan(0)
    expect(first.candidates).toBeLessThan(candidates)

    const resumed = await runProgram('search', 'resume', output, '--json')
    expect(resumed.code).toBe(0)
    const last = readZoo(output)
    expect(JSON.parse(resumed.stdout)).toEqual(last)
    expect(last).toMatchObject({ status: 'finished', candidates })
    for (const { top1, imagesPerSecond, stepMs } of last.zoo) {
      expect(top1).toBeGreaterThanOrEqual(0)
      expect(top1).toBeLessThanOrEqual(1)
      expect(imagesPerSecond * stepMs).toBeCloseTo(32_000, 3)
    }
    expect(existsSync(join(output, 'pareto.svg'))).toBe(true)
    expect(readFileSync(join(output, 'zoo.csv'), 'utf8').trim().split('\r\n')).toHaveLength(last.zoo.length + 1)

    const shown = await runProgram('zoo', output, '--json')
    expect(JSON.parse(shown.stdout)).toEqual(last)
  })

  test('a folder that holds a search is not overwritten', async () => {
    const { code, stderr } = await runProgram('demo', '--output', output)
    expect(code).toBe(2)
    expect(stderr).toMatch(/holds a search already: continue it with `nasoa search resume/)
  })
})

describe('the demo', () => {
  test('ends with its budget of time and writes its zoo', { timeout: 300_000 }, async () => {
    const output = join(folder, 'demo')
    const { code, stdout } = await runProgram('demo', '--output', output, '--budget', '10s', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(readZoo(output))
    expect(readZoo(output).status).toBe('finished')
    expect(existsSync(join(output, 'pareto.svg'))).toBe(true)
  })

  test('its config can be printed and is a valid one', async () => {
    const { stdout, code } = await runProgram('demo', '--print-config', '--budget', '90s')
    expect(code).toBe(0)
    expect(parseSearchConfig(stdout, '/x/demo.yaml').config).toMatchObject({ name: 'demo', search: { timeLimit: 90_000 } })
  })
})
