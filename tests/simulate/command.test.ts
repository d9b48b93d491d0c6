import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { Program, runProgram } from '../support/program.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-simulate-'))
const head = 'data: {directory: /not/read, classes: 100, imagesPerClass: 500}\nspace: {macs: {max: 3000000000}}\ntraining: {epochs: 2}\nsearch: {algorithm: nsga2, population: 8, candidates: 60}\n'
const workers = '    - {name: gpu, count: 6, lost: {every: 2h, for: 5m}}\n'

function config(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const small = config('small.yaml', `${head}simulation:\n  duration: 1d\n  workers:\n${workers}`)
const endless = config('endless.yaml', `${head.replace('60', '1000000')}simulation:\n  workers:\n${workers.replace('6', '60')}`)

beforeAll(ensureBuilt)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('nasoa simulate', { timeout: 300_000 }, () => {
  test('two processes with equal seeds agree, another seed does not', async () => {
    const [first, second, other] = await Promise.all([[], [], ['--seed', '2']].map((words) => runProgram('simulate', '--config', small, '--json', ...words)))
    const report = JSON.parse(first.stdout) as Record<string, unknown>
    expect(report).toMatchObject({ candidates: 60, status: 'finished', seed: 1 })
    for (const key of ['virtualHours', 'utilisation', 'hypervolume', 'wallSeconds']) expect(report[key]).toBeGreaterThan(0)
    expect(JSON.parse(second.stdout)).toEqual({ ...report, wallSeconds: expect.any(Number) as number })
    expect((JSON.parse(other.stdout) as typeof report).digest).not.toBe(report.digest)
  })

  test('shows a table, and writes its log', async () => {
    const log = join(folder, 'events.jsonl')
    const { code, stdout } = await runProgram('simulate', '--config', small, '--log', log)
    expect(code).toBe(0)
    expect(stdout).toMatch(/60 candidates/)
    expect(stdout).toMatch(/gpu +6 /)
    expect(readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { kind: string }).at(-1)?.kind).toBe('end')
  })

  test('Ctrl-C ends it with what is known and 130', async () => {
    const program = new Program(['simulate', '--config', endless, '--json'])
    await program.sees(/slots busy/)
    program.kill('SIGINT')
    const { code, stdout } = await program.end()
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'running' })
  })

  test.each<[string, string[], RegExp]>([
    ['no simulation', ['--config', config('none.yaml', head)], /none\.yaml:\d+:\d+: simulation/],
    ['an unknown key', ['--config', config('key.yaml', `${head}simulation:\n  workers:\n    - {name: gpu, count: 1, sped: 2}\n`)], /key\.yaml:7:\d+: .*speed/],
    ['no workers', ['--config', config('workers.yaml', `${head}simulation: {workers: []}\n`)], /workers/],
    ['a batch larger than the images', ['--config', config('batch.yaml', `${head}simulation:\n  images: {classes: 2, trainingPerClass: 3}\n  workers:\n${workers}`)], /batch/],
    ['a seed that is none', ['--config', small, '--seed', '-1'], /--seed/],
    ['a log that cannot be written', ['--config', small, '--log', join(folder, 'no', 'log')], /log/],
  ])('refuses %s in one line', async (_what, words, message) => {
    const { code, stderr, stdout } = await runProgram('simulate', ...words)
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(message)
    expect(stdout).toBe('')
  })
})
