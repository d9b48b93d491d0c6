import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { cellWork, cellsOf, comparedNetworks } from '../../bench/train/cell.js'
import { rowOf } from '../../bench/train/row.js'
import { tableOf } from '../../bench/train/table.js'

const cell = { encoding: '031-_8_1-2', batch: 32, resolution: 64, classes: 10 }

describe('cells of the comparison', () => {
  it('begin with the smallest batch and resolution, each with all networks in canonical form', () => {
    const cells = cellsOf(comparedNetworks, [64, 32], [224, 64], 1000)
    expect(cells).toHaveLength(24)
    expect(cells.filter((_, index) => index % 6 === 0).map(({ batch, resolution }) => [batch, resolution])).toEqual([[32, 64], [64, 64], [32, 224], [64, 224]])
    expect(cells.slice(0, 6).map(({ encoding }) => encoding)).toContain('64025-a13a23_64_1-21-1')
    expect(cellWork({ ...cell, batch: 64 })).toBe(2 * cellWork(cell))
  })

  it('refuse what is no network', () => {
    expect(() => cellsOf(['9x'], [32], [64], 10)).toThrow(InvalidInputError)
  })
})

describe('a row', () => {
  const engine = new Map([
    ['step', [10, 30, 20]],
    ['forward', [6, 6, 7]],
    ['forward+backward', [15, 14, 15]],
    ['evaluation', [4]],
    ['feed', [1]],
  ])
  const torch = new Map([['step', [40, 50, 30]], ['evaluation', [6]], ['forward', [12]]])

  it('has medians, ratios above 1 where the engine is faster, and parts as differences', () => {
    const row = rowOf({ cell, samples: { engine, torch }, loader: { firstEpoch: 100, nextEpoch: 3200 }, reasons: { eager: 'because' } })
    expect(row).toMatchObject({ ...cell, stepMs: 20, torchStepMs: 40, ratioToTorch: 2, evaluationMs: 4, torchEvaluationMs: 6, ratioToTorchEvaluation: 1.5 })
    expect(row.parts).toEqual({ forwardMs: 6, backwardMs: 9, updateMs: 5, feedMs: 1, loaderMs: 10 })
    expect(row).toMatchObject({ feedShare: 0.05, loaderRatio: 2, turns: 3, eagerStepMs: null, ratioToEager: null, reasons: { eager: 'because' } })
    expect(row.spread.engine).toEqual({ p10: 12, p90: 28 })
    expect(row.spread.eager).toBeUndefined()
  })

  it('has nulls where nothing was measured, and still a line in the table', () => {
    const row = rowOf({ cell, samples: {}, loader: null, reasons: { all: 'no time' } })
    expect([row.stepMs, row.ratioToTorch, row.loaderRatio, row.parts.updateMs]).toEqual([null, null, null, null])
    const [head, rule, line, ...more] = tableOf([row])
    expect(more).toEqual([])
    expect(line.split('|')).toHaveLength(head.split('|').length)
    expect(rule.length).toBe(head.length)
  })
})
