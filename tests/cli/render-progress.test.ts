import { describe, expect, test } from 'vitest'
import { progressLine, renderProgress, shareDone, timeLeftMs } from '../../cli/search/render-progress.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'

const view: SearchSnapshot = {
  status: 'running',
  statusReason: '',
  slots: 2,
  runningTotal: 1,
  warnings: [],
  name: 'digits',
  elapsedMs: 60_000,
  timeLimitMs: 240_000,
  trained: 10,
  budget: 40,
  queued: 1,
  workers: 2,
  running: [{ jobId: 1, token: 1, encoding: '020-_16_1-1', worker: 'worker-1', epoch: 1, epochs: 3, top1: 0.5, loss: 1, runningMs: 5 }],
  frontSize: 4,
  hypervolume: 0.5,
  mostAccurate: { encoding: '031-_16_1-1', top1: 0.91, imagesPerSecond: 900 },
  fastest: { encoding: '2-_16_1-1', top1: 0.4, imagesPerSecond: 2900 },
  unsuccessful: { diverged: 1, out_of_memory: 2, timed_out: 0 },
  lostAttempts: { worker_lost: 1 },
  refused: 0,
  rungs: [
    { epochs: 1, results: 10, promoted: 3 },
    { epochs: 4, results: 2, promoted: 0 },
  ],
}

describe('progress of a search', () => {
  test('the tighter budget counts', () => {
    expect(shareDone(view)).toBe(0.25)
    expect(shareDone({ ...view, trained: 30 })).toBe(0.75)
    expect(shareDone({ ...view, timeLimitMs: null })).toBe(0.25)
    expect(shareDone({ ...view, elapsedMs: 999_000 })).toBe(1)
  })

  test('time left is the smaller estimate, or unknown before the first result', () => {
    expect(timeLeftMs(view)).toBe(180_000)
    expect(timeLeftMs({ ...view, trained: 30 })).toBe(20_000)
    expect(timeLeftMs({ ...view, trained: 0, timeLimitMs: null })).toBeNull()
  })

  test('the live display shows counts, leaders, trouble and what runs, within the width', () => {
    const text = renderProgress(view, 100)
    for (const part of ['10 of 40', 'front 4', '91.0 %', '2900 images/s', '1 diverged', '2 out of memory', '1 worker lost', 'worker-1', 'epoch 1/3', '3m 00s left']) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('timed out')
    for (const columns of [20, 40, 80]) {
      for (const line of renderProgress(view, columns).split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
    }
  })

  test('without a terminal it is one line', () => {
    expect(progressLine(view)).toMatch(/^1m 00s: 10 of 40 candidates, 1 running, front 4, 10 after 1 epoch, 2 after 4 epochs, best top-1 91.0 %/)
    expect(progressLine(view)).not.toContain('\n')
    expect(progressLine({ ...view, mostAccurate: null, fastest: null, unsuccessful: {}, lostAttempts: {} })).not.toContain('best')
  })
})
