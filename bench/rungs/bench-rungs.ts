import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withPhases } from '../../coordinator/run/phases-of.js'
import type { SearchConfig } from '../../shared/config/search-config.js'
import type { TrainingEngine } from '../../worker/trainer/engine.js'
import { TrainingArm, type WholeTraining } from './training-arm.js'

/** What a search of the comparison has cost and found. */
export interface ArmReport {
  /** Trainings, those of each rung counted. */
  readonly trainings: number
  /** Processor time of all steps, each as long as the fastest of its program: see TimedEngine. */
  readonly seconds: number
  /** All processor time of the steps, preparation and the reading of images included. */
  readonly processorSeconds: number
  readonly trainedMacs: number
  /** Of whole trainings, in the order of their ends. */
  readonly results: readonly WholeTraining[]
}

/** Both searches of a seed: whole trainings of so many candidates, and rungs until they have cost the given share of it. */
export interface SeedRun {
  readonly seed: number
  readonly whole: ArmReport
  readonly rungs: ArmReport
}

export interface BenchRungsOptions {
  readonly config: SearchConfig
  readonly seed: number
  /** Largest share of the whole trainings' seconds that the rungs may spend. */
  readonly share: number
  /** No whole training is begun after so long, milliseconds; both searches are compared at what they have then. */
  readonly limitMs: number
  readonly engine: TrainingEngine
  readonly progress: (line: string) => void
}

/**
 * Runs both searches of a seed, one training of either at a time and always that one next which is behind in its share: whatever else
 * the machine does, it does to both.
 */
export async function runBothSearches({ config: named, seed, share, limitMs, engine, progress }: BenchRungsOptions): Promise<SeedRun> {
  const directory = mkdtempSync(join(tmpdir(), 'nasoa-bench-rungs-'))
  // Both go through the same phases, though one may train as many candidates as it likes.
  // Nothing is taken over: what trainings cost is what is compared.
  const config = withPhases({ ...named, search: { ...named.search, warmStart: [] } }, null)
  const plenty = { ...config.search, candidates: 100_000 }
  const whole = new TrainingArm({ ...config, seed, rungs: undefined }, join(directory, 'whole'), engine)
  const rungs = new TrainingArm({ ...config, seed, search: plenty }, join(directory, 'rungs'), engine)
  const tell = (): void => progress(`seed ${seed}: ${whole.trainings} whole trainings in ${whole.seconds.toFixed(0)} s; on rungs ${rungs.trainings} in ${rungs.seconds.toFixed(0)} s, ${rungs.wholes.length} of them whole`)
  try {
    const end = performance.now() + limitMs
    for (let isOpen = true; isOpen; tell()) {
      while (rungs.seconds < share * whole.seconds) await rungs.next()
      isOpen = performance.now() < end && (await whole.next())
    }
    // The last training of the rungs may have gone beyond their share: it does not count.
    const within = rungs.wholes.filter(({ seconds }) => seconds <= share * whole.seconds)
    return { seed, whole: reportOf(whole, whole.wholes), rungs: reportOf(rungs, within) }
  } finally {
    whole.close()
    rungs.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function reportOf({ trainings, seconds, processorSeconds, trainedMacs }: TrainingArm, results: readonly WholeTraining[]): ArmReport {
  return { trainings, seconds, processorSeconds, trainedMacs, results }
}
