import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
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

const output = join(mkdtempSync(join(tmpdir(), 'nasoa-demo-')), 'demo')
const readZoo = (): ZooJson => JSON.parse(readFileSync(join(output, 'zoo.json'), 'utf8')) as ZooJson

beforeAll(async () => {
  await ensureBuilt()
  await ensureTensorFlow({ progress: () => undefined })
})

describe('the demo', () => {
  test('Ctrl-C ends it with what it has, and it can be resumed to the end of its budget', { timeout: 240_000 }, async () => {
    const demo = new Program(['demo', '--output', output, '--budget', '45s', '--json'])
    await demo.sees(/: [1-9]\d* of 48 candidates/)
    demo.kill('SIGINT')
    const interrupted = await demo.end()
    expect(interrupted.code).toBe(130)
    const first = readZoo()
    expect(JSON.parse(interrupted.stdout)).toEqual(first)
    expect(first.candidates).toBeGreaterThan(0)
    expect(first.status).toBe('running')

    const resumed = await runProgram('search', 'resume', output, '--json')
    expect(resumed.code).toBe(0)
    const last = readZoo()
    expect(JSON.parse(resumed.stdout)).toEqual(last)
    expect(last.status).toBe('finished')
    expect(last.candidates).toBeGreaterThan(first.candidates)
    for (const { top1, imagesPerSecond, stepMs } of last.zoo) {
      expect(top1).toBeGreaterThan(0)
      expect(top1).toBeLessThanOrEqual(1)
      expect(imagesPerSecond).toBeCloseTo(32_000 / stepMs, 0)
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

  test('its config can be printed and is a valid one', async () => {
    const { stdout, code } = await runProgram('demo', '--print-config', '--budget', '90s')
    expect(code).toBe(0)
    expect(parseSearchConfig(stdout, '/x/demo.yaml').config).toMatchObject({ name: 'demo', search: { timeLimit: 90_000 } })
  })
})
