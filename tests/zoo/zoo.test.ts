import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { zooCsv } from '../../coordinator/zoo/csv.js'
import { writeZoo } from '../../coordinator/zoo/write-zoo.js'
import { type ZooCandidate, buildZoo, zooHypervolume } from '../../coordinator/zoo/zoo.js'

const candidate = (encoding: string, top1: number, imagesPerSecond: number): ZooCandidate => ({
  encoding,
  top1,
  imagesPerSecond,
  stepMs: 64_000 / imagesPerSecond,
  params: 1000,
  macs: 2000,
  activations: 300,
})

const candidates = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 10 })).map(([top1, speed]) => [top1 / 10, speed * 100] as const),
  { maxLength: 20 },
).map((list) => list.map(([top1, speed], i) => candidate(`020-_${i}_1`, top1, speed)))

describe('zoo', () => {
  test('is the front, fastest first, one of each kind of equals', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const { zoo, candidates: count } = buildZoo(all)
        expect(count).toBe(all.length)
        const best = all.filter((a, i) => !all.some((b, j) => b.top1 >= a.top1 && b.imagesPerSecond >= a.imagesPerSecond && (b.top1 > a.top1 || b.imagesPerSecond > a.imagesPerSecond || j < i)))
        expect(new Set(zoo)).toEqual(new Set(best))
        zoo.slice(1).forEach((next, i) => {
          expect(next.stepMs).toBeGreaterThan(zoo[i].stepMs)
          expect(next.top1).toBeGreaterThan(zoo[i].top1)
        })
      }),
    )
  })

  test('counts what was trained without a result', () => {
    expect(buildZoo([candidate('a', 0.5, 100)], { unsuccessful: 3 })).toMatchObject({ candidates: 4, unsuccessful: 3 })
  })

  test('takes the objectives of the search', () => {
    const small = { ...candidate('small', 0.5, 100), params: 10 }
    const fast = candidate('fast', 0.5, 200)
    const objectives = [{ name: 'top1', direction: 'maximize' }, { name: 'params', direction: 'minimize' }] as const
    expect(buildZoo([fast, small], { objectives }).zoo.map(({ encoding }) => encoding)).toEqual(['small'])
  })

  test('holds nothing that breaks a constraint', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 0, max: 10 }), (all, bound) => {
        const constraints = [{ name: 'top1', minimum: bound / 10 }, { name: 'imagesPerSecond', maximum: bound * 100 }] as const
        const kept = all.filter(({ top1, imagesPerSecond }) => top1 >= bound / 10 && imagesPerSecond <= bound * 100)
        expect(buildZoo(all, { constraints }).zoo).toEqual(buildZoo(kept).zoo)
        expect(buildZoo(all, { constraints }).candidates).toBe(all.length)
      }),
    )
  })

  test('hypervolume of a recorded example', () => {
    // Step times 1, 2, 4 ms scale to 0, 1/2, 1 on the log axis; errors .6, .4, .2 to 1, 1/2, 0. Only the middle one is inside: 1/2 x 1/2.
    const all = [candidate('a', 0.4, 64_000), candidate('b', 0.6, 32_000), candidate('c', 0.8, 16_000)]
    expect(zooHypervolume(all)).toBeCloseTo(0.25, 12)
  })

  test.each([
    ['nothing', []],
    ['one candidate', [candidate('a', 0.4, 100)]],
    ['equal accuracies', [candidate('a', 0.4, 100), candidate('b', 0.4, 200)]],
  ])('hypervolume without a range is 0: %s', (_, all) => {
    expect(zooHypervolume(all)).toBe(0)
  })
})

describe('zoo.csv', () => {
  test('has a header and CRLF line ends, and quotes what needs it', () => {
    const lines = ['encoding,top1,imagesPerSecond,stepMs,params,macs,activations', '020-_64_1,0.5,128,500,1000,2000,300', '"odd,""name""",0.25,256,250,1000,2000,300']
    expect(zooCsv([candidate('020-_64_1', 0.5, 128), candidate('odd,"name"', 0.25, 256)])).toBe(lines.map((line) => `${line}\r\n`).join(''))
  })
})

describe('writing the zoo', () => {
  let directory = ''
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  test('makes the folder and leaves the three files, nothing else', async () => {
    directory = mkdtempSync(join(tmpdir(), 'nasoa-zoo-'))
    const all = [candidate('a', 0.4, 100), candidate('b', 0.6, 50)]
    const zoo = { ...buildZoo(all), name: 'demo' }
    const target = join(directory, 'made', 'here')
    const files = await writeZoo(target, zoo, all)
    await writeZoo(target, zoo, all)
    expect(readdirSync(target).sort()).toEqual(['pareto.svg', 'zoo.csv', 'zoo.json'])
    expect(JSON.parse(readFileSync(files.json, 'utf8'))).toEqual(zoo)
    expect(readFileSync(files.csv, 'utf8')).toBe(zooCsv(zoo.zoo))
    expect(readFileSync(files.plot, 'utf8')).toMatch(/^<svg /)
  })
})
