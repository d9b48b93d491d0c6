import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import { stepsOfEpoch } from '../../coordinator/step-time/search-hours.js'
import { loadSearchConfig, type SearchConfig } from '../../shared/config/search-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import { runProgram } from '../support/program.js'
import { smallSpace } from '../support/small-space.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-estimate-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(ensureBuilt)

const images = { train: 500, validation: 100 }
const text = (changes: string): string => `name: planned
data: { directory: /nowhere/images, classes: 5, imagesPerClass: 100, validationImagesPerClass: 20 }
space: ${JSON.stringify({ ...smallSpace, macs: { min: 0, max: 3_000_000 } })}
training: { epochs: 4, batch: 16, resolution: 32 }
${changes}
`
function file(name: string, contents: string): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}
/** Plain evolution is rehearsed in no time. */
const evolution = file('evolution.yaml', text('search: { algorithm: nsga2, population: 8, candidates: 60 }'))
const config = file('plain.yaml', text('search: { population: 8, candidates: 60 }'))

/** What a step takes on a device that is known. */
function stepMsOf(encoding: string, resolution: number): number {
  const { macs, activations } = genomeCost(parseGenome(encoding), { resolution, classes: 5 })
  return 5 + macs * 3e-5 + activations * 2e-4
}

/** A search whose trainings take 4 s and one and a half times their steps. @returns hours of all */
async function searchWithKnownTimes(directory: string, { training, ...rest }: SearchConfig): Promise<number> {
  const planned = { ...rest, training }
  let nowMs = 0
  const clock = { now: () => nowMs, after: () => ({ cancel: () => undefined }) }
  const store = openSqliteStore(directory)
  const dataset = { classes: 5 }
  const opened = openSearch({ config: planned, dataset, store, directory, nowMs, leaseTtlMs: 1000 })
  const run = new SearchRun({ config: planned, dataset, ...opened, store, policy: defaultJobPolicy, clock })
  const holder = { workerId: 'w', slot: 0 }
  for (let lease: JobLease | null = run.lease(holder); lease !== null; lease = run.lease(holder)) {
    const median = stepMsOf(lease.specification.encoding, training.resolution)
    nowMs += 4000 + 1.5 * median * training.epochs * stepsOfEpoch(images.train, images.validation, training.batch)
    const { macs } = genomeCost(parseGenome(lease.specification.encoding), { resolution: 32, classes: 5 })
    const result = {
      top1: Math.min(0.9, 0.1 * Math.log10(macs)),
      loss: 1,
      epochs: training.epochs,
      imagesPerSecond: 16_000 / median,
      stepMs: { median, p10: median, p90: median },
      trainingMs: 1000,
      deviceClass: 'known',
      precision: 'float32' as const,
      images: { ...images, unreadable: 0 },
    }
    run.complete(lease, { kind: 'succeeded', result })
  }
  expect(run.status).toBe('finished')
  await store.committed()
  store.close()
  return nowMs / 3_600_000
}

interface Hours {
  readonly expected: number
  readonly low: number
  readonly high: number
}
interface Part {
  readonly trainings: number
  readonly slotHours: Hours
}
interface Printed {
  readonly slots: number
  readonly estimates: readonly (Part & {
    readonly deviceClass: string
    readonly overheadSeconds: number
    readonly slowdown: number
    readonly wallHours: Hours
    readonly rungs: readonly Part[]
    readonly phases: readonly (Part & { readonly name: string })[]
    readonly timeLimit: { readonly trainings: number } | null
  })[]
}

async function estimate(...words: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runProgram('search', 'estimate', ...words, '--json')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout) as Printed
}

describe('nasoa search estimate', () => {
  const earlier = join(folder, 'earlier')
  let hours = NaN
  beforeAll(async () => {
    hours = await searchWithKnownTimes(earlier, loadSearchConfig(config).config)
  })

  test('from an earlier search it comes near what the search takes', async () => {
    const { slots, estimates } = await estimate(config, '--calibration', earlier, '--slots', '4')
    expect(slots).toBe(4)
    const [{ trainings, deviceClass, overheadSeconds, slowdown, slotHours, wallHours, timeLimit }] = estimates
    expect({ trainings, deviceClass, timeLimit }).toEqual({ trainings: 60, deviceClass: 'known', timeLimit: null })
    expect(overheadSeconds).toBeCloseTo(4, 0)
    expect(slowdown).toBeCloseTo(1.5, 1)
    expect(slotHours.low).toBeLessThan(hours)
    expect(slotHours.high).toBeGreaterThan(hours)
    expect(Math.abs(slotHours.expected / hours - 1)).toBeLessThan(0.3)
    expect(wallHours.expected).toBeGreaterThanOrEqual(slotHours.expected / 4)
    expect(wallHours.expected).toBeLessThan(slotHours.expected / 3)
  })

  test('rungs and phases add up to the whole', async () => {
    const climbing = file('climbing.yaml', text('rungs: [{ epochs: 1, resolution: 16 }, { epochs: 4 }]\nphases: [{ name: block, budget: 20 }, { name: macro, budget: 20 }, { name: joint }]\nsearch: { algorithm: nsga2, population: 8, candidates: 60, timeLimit: 1m }'))
    const { estimates } = await estimate(climbing, '--calibration', earlier)
    const [{ trainings, slotHours, rungs, phases, timeLimit }] = estimates
    expect(rungs.map((rung) => rung.trainings)).toEqual([60, 20])
    expect(trainings).toBe(80)
    expect(phases.map(({ name }) => name)).toEqual(['block', 'macro', 'joint'])
    for (const parts of [rungs, phases]) {
      expect(parts.reduce((sum, part) => sum + part.slotHours.expected, 0)).toBeCloseTo(slotHours.expected, 9)
      expect(parts.reduce((sum, part) => sum + part.trainings, 0)).toBeGreaterThanOrEqual(79)
    }
    expect(timeLimit?.trainings).toBeGreaterThan(0)
    expect(timeLimit?.trainings).toBeLessThan(80)
  })

  test('a hundred times the candidates take a hundred times as long', async () => {
    const large = file('large.yaml', text('search: { algorithm: nsga2, population: 8, candidates: 6000 }'))
    const [few] = (await estimate(evolution, '--calibration', earlier)).estimates
    const [many] = (await estimate(large, '--calibration', earlier)).estimates
    expect(many.trainings).toBe(6000)
    expect(many.slotHours.expected / few.slotHours.expected).toBeGreaterThan(60)
    expect(many.slotHours.expected / few.slotHours.expected).toBeLessThan(150)
  })

  test('from a table, for each device class; and several calibrations together', async () => {
    const networks = ['020-_16_11-21-1', '2-_8_1-2-11', '031-_16_111-2-1', '020-_8_1-21-1']
    const rows = ['v100', 'a100'].flatMap((device, i) => networks.map((encoding) => `${encoding},${device},${stepMsOf(encoding, 32) / (i + 1)}`))
    const table = file('timed.csv', `encoding,device_class,ms\n${rows.join('\n')}\n`)
    const { estimates } = await estimate(evolution, '--calibration', `${table},${earlier}`, '--time-column', 'ms', '--overhead', '1ms')
    // Only the earlier search knows what a whole training takes.
    expect(estimates.map(({ deviceClass, slowdown }) => [deviceClass, slowdown === 1])).toEqual([['known', false], ['v100', true], ['a100', true]])
    expect(estimates[1].slotHours.expected / estimates[2].slotHours.expected).toBeCloseTo(2, 1)
  })

  test('the released networks on a V100, as a table has them', async () => {
    const imagenet = file('imagenet.yaml', 'data: { directory: /nowhere/imagenet, classes: 1000, imagesPerClass: 1281, validationImagesPerClass: 50 }\nspace: { macs: { max: 6000000000 } }\nsearch: { population: 8, candidates: 10 }\n')
    const { estimates } = await estimate(imagenet, '--calibration', resolve(import.meta.dirname, '../fixtures/training-steps-v100.csv'), '--time-column', 'train_step_ms')
    expect(estimates[0]).toMatchObject({ deviceClass: 'training-steps-v100.csv', overheadSeconds: 10 })
    // Ten trainings of 5 epochs of 20,000 steps of some 0.2 s.
    expect(estimates[0].slotHours.expected).toBeGreaterThan(20)
    expect(estimates[0].slotHours.expected).toBeLessThan(200)
  })

  test('for people', async () => {
    const { code, stdout } = await runProgram('search', 'estimate', evolution, '--calibration', earlier)
    expect(code).toBe(0)
    expect(stdout).toMatch(/known, float32 \(\d+ steps and \d+ whole trainings timed\)\n {2}trainings {3}60,/)
    expect(stdout).toMatch(/GPU hours {3}[\d.]+ \([\d.]+ to [\d.]+\)/)
  })

  const bfloat16 = text('search: { population: 8, candidates: 60 }').replace('epochs: 4', 'epochs: 4, precision: bfloat16')
  const noImages = text('').replace(', imagesPerClass: 100', '')
  test.each<[string, string[], RegExp]>([
    ['no calibration', [config], /there is no calibration/],
    ['a calibration that is not there', [config, '--calibration', join(folder, 'none')], /--calibration: cannot read .*none/],
    ['a table without times', [config, '--calibration', file('empty.csv', 'encoding\n020-_16_11-21-1\n')], /has no column step_ms; it has encoding/],
    ['a size that is none', [config, '--calibration', file('size.csv', 'encoding,step_ms,batch\n020-_16_11-21-1,3,half\n')], /:2: batch must be a positive integer, found "half"/],
    ['steps in another number format', [file('bfloat16.yaml', bfloat16), '--calibration', earlier], /too few timed steps in bfloat16, as the config trains.* in float32 on known/],
    ['images that nobody can count', [file('images.yaml', noImages), '--calibration', earlier], /name data\.imagesPerClass in the config/],
  ])('refuses %s in one line, exit 2', async (_, words, expected) => {
    const { code, stdout, stderr } = await runProgram('search', 'estimate', ...words)
    expect(stderr).toMatch(expected)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
