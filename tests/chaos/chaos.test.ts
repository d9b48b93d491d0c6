import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { killAll } from '../support/processes.js'
import { Chaos } from './chaos.js'

afterEach(killAll)

/** `NASOA_CHAOS_SEED` repeats a run. */
const seed = Number(process.env.NASOA_CHAOS_SEED ?? 1 + Math.floor(Math.random() * 1e6))

test(`a search survives what happens to its processes and its network (seed ${seed})`, { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-chaos-'))
  const said: string[] = []
  try {
    const chaos = new Chaos({ seed, folder, candidates: 120, workers: 3, trainingMs: 150, leaseMs: 1500, faultEveryMs: 300, faults: 15, say: (line) => said.push(line) })
    const report = await chaos.run()
    expect(report.trained).toBe(120)
    expect(Object.values(report.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5)
  } catch (error) {
    throw new Error(`seed ${seed}, after: ${said.join(', ')}`, { cause: error })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
