import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { killAll } from '../support/processes.js'
import { chaos, type ChaosOptions } from './chaos.js'
import { strikeNames } from './strikes.js'

afterEach(killAll)

/** `NASOA_CHAOS_SEED` repeats a run. */
const seed = Number(process.env.NASOA_CHAOS_SEED ?? 1 + Math.floor(Math.random() * 1e6))
const options = { seed, coordinators: 1 as const, workers: 3, trainingMs: 150, leaseMs: 1500, everyMs: 300, workerLoss: 0 }

async function survives(changes: Pick<ChaosOptions, 'candidates' | 'count' | 'faults'> & Partial<ChaosOptions>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-chaos-'))
  const said: string[] = []
  try {
    const { trained, faults } = await chaos({ ...options, folder, say: (line) => said.push(line), ...changes })
    expect(trained).toBe(changes.candidates)
    expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(changes.count / 4)
  } catch (error) {
    throw new Error(`seed ${seed}, after: ${said.join(', ')}`, { cause: error })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Longer ones: npm run chaos -- --help
test(`a search survives what happens to its processes, its network and its disk (seed ${seed})`, { timeout: 600_000 }, async () => {
  await survives({ candidates: 100, count: 12, faults: strikeNames, workerLoss: 0.03 })
})

test(`two coordinators lead one after the other whatever happens to etcd, and never both (seed ${seed})`, { timeout: 600_000 }, async () => {
  await survives({ coordinators: 2, candidates: 80, count: 4, faults: ['kill-coordinator', 'freeze-coordinator', 'kill-etcd', 'freeze-etcd', 'part-from-etcd'] })
})

test(`a coordinator that is killed again and again, on a full disk, with torn logs, loses nothing (seed ${seed})`, { timeout: 600_000 }, async () => {
  await survives({ candidates: 40, count: 5, faults: ['kill-coordinator', 'torn-tail', 'full-disk'] })
})
