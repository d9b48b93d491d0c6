import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { SeedRun } from '../../bench/rungs/bench-rungs.js'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'
import { smallSpace } from '../support/small-space.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-rungs-'))
const small = {
  data: { directory: 'builtin:digits', imagesPerClass: 8, validationImagesPerClass: 4 },
  space: { ...smallSpace, operations: [3, 6], operationsPerBlock: { min: 1, max: 1 }, blocks: { min: 2, max: 3 }, measuredAt: { resolution: 16, classes: 10 } },
  objectives: ['top1', 'macs'],
  training: { batch: 16, resolution: 16, augmentation: 'none' },
  rungs: [{ epochs: 1 }, { epochs: 4 }],
  search: { population: 4, candidates: 4, reduction: 2 },
}

function configFile(name: string, changes: Record<string, unknown>): string {
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, stringify({ ...small, ...changes }))
  return path
}

beforeAll(ensureBuilt)

describe('nasoa bench rungs', () => {
  test('runs both searches of a seed, the rungs within their share of the seconds', async () => {
    const { code, stdout, stderr } = await runProgram('bench', 'rungs', '--config', configFile('small', {}), '--seeds', '5', '--share', '0.8', '--threads', '1', '--json')
    expect(stderr).toContain('seed 5: 4 whole trainings')
    expect(code).toBe(0)
    const { runs, seeds, means } = JSON.parse(stdout) as { runs: SeedRun[]; seeds: { seed: number }[]; means: Record<string, unknown> }
    const [{ seed, whole, rungs }] = runs
    expect([seed, seeds[0].seed, whole.trainings, whole.results.length]).toEqual([5, 5, 4, 4])
    expect(rungs.trainings).toBeGreaterThan(rungs.results.length)
    for (const { seconds } of rungs.results) expect(seconds).toBeLessThanOrEqual(0.8 * whole.seconds)
    expect(Object.keys(means)).toEqual(['hypervolume', 'frontHypervolume'])
  }, 120_000)

  test.each<[string, string[], RegExp]>([
    ['a search without rungs', ['--config', configFile('flat', { rungs: undefined })], /no rungs/],
    ['a list of seeds that is none', ['--seeds', '1,two'], /--seeds/],
    ['a share of nothing', ['--share', '0'], /--share/],
  ])('%s is refused in one line', async (_, words, expected) => {
    const { code, stderr } = await runProgram('bench', 'rungs', ...words)
    expect(code).toBe(2)
    expect(stderr).toMatch(expected)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
