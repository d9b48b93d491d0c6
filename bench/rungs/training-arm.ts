import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultJobPolicy } from '../../coordinator/jobs/policy.js'
import { openSearch } from '../../coordinator/run/open-search.js'
import { SearchRun } from '../../coordinator/run/search-run.js'
import { openSqliteStore } from '../../coordinator/store/sqlite-store.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import { systemClock } from '../../shared/clock.js'
import type { ObjectiveName, SearchConfig } from '../../shared/config/search-config.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { TrainingEngine } from '../../worker/trainer/engine.js'
import { QuietWindow } from '../../worker/trainer/quiet-window.js'
import { runTraining } from '../../worker/trainer/train.js'
import { TimedEngine } from './timed-engine.js'

/** A whole training, and what all trainings up to its end had cost. */
export interface WholeTraining {
  readonly encoding: string
  readonly error: number
  readonly macs: number
  readonly seconds: number
  readonly trainedMacs: number
}

/** Measurements that need a network's throughput. */
const timed: readonly ObjectiveName[] = ['imagesPerSecond', 'stepMs']

/** Classes of the built-in digits. */
const classes = 10

/** One search of the comparison: the coordinator's own code, with a trainer in this process as its only worker. */
export class TrainingArm {
  /** Multiply-accumulates of all trainings, forward and backward: three times the network's a training image. */
  trainedMacs = 0
  trainings = 0
  readonly wholes: WholeTraining[] = []
  private readonly store
  private readonly run: SearchRun
  private readonly engine: TimedEngine
  private readonly epochs = new Map<number, number>()
  private readonly isThroughputNeeded: boolean
  private clockLooks = 0

  constructor(
    private readonly config: SearchConfig,
    private readonly directory: string,
    engine: TrainingEngine,
  ) {
    this.engine = new TimedEngine(engine)
    this.isThroughputNeeded = timed.some((wanted) => config.objectives.includes(wanted) || config.constraints.some(({ name }) => name === wanted))
    this.store = openSqliteStore(directory)
    const dataset = { classes }
    const opened = openSearch({ config, dataset, store: this.store, directory, nowMs: systemClock.now(), leaseTtlMs: defaultJobPolicy.leaseTtlMs })
    this.run = new SearchRun({ config, dataset, ...opened, store: this.store, policy: defaultJobPolicy, clock: systemClock })
  }

  /** What the steps have cost: see TimedEngine. */
  get seconds(): number {
    return this.engine.seconds
  }

  get processorSeconds(): number {
    return this.engine.processorSeconds
  }

  /** Trains what the search wants trained next. @returns false when it is over */
  async next(): Promise<boolean> {
    const lease = this.run.lease({ workerId: 'bench', slot: 0 })
    if (lease === null) return false
    const outcome = await this.train(lease)
    this.count(lease, outcome)
    this.run.complete(lease, outcome)
    return true
  }

  close(): void {
    this.store.close()
  }

  private train({ candidate, specification }: JobLease): Promise<Outcome> {
    const outputDirectory = join(this.directory, 'checkpoints', String(candidate))
    const checkpoint = join(outputDirectory, 'last.safetensors')
    return runTraining(specification, {
      engine: this.engine,
      emit: () => undefined,
      signal: new AbortController().signal,
      quietWindow: new QuietWindow(join(this.directory, 'measurement')),
      outputDirectory,
      ...(existsSync(checkpoint) ? { resumeFrom: checkpoint } : {}),
      // By a clock that is seconds later at each look, the measurement of the throughput takes five steps instead of 1.5 s.
      ...(this.isThroughputNeeded ? {} : { now: () => 1000 * this.clockLooks++ }),
      peakBytes: () => process.resourceUsage().maxRSS * 1024,
    })
  }

  private count({ candidate, specification }: JobLease, outcome: Outcome): void {
    this.trainings++
    if (outcome.kind !== 'succeeded') return
    const { epochs, images, top1 } = outcome.result
    const before = this.epochs.get(candidate) ?? 0
    this.epochs.set(candidate, epochs)
    const { macs } = genomeCost(parseGenome(specification.encoding), { resolution: specification.recipe.resolution, classes })
    this.trainedMacs += 3 * macs * images.train * (epochs - before)
    if (epochs < this.config.training.epochs) return
    this.wholes.push({ encoding: specification.encoding, error: 1 - top1, macs, seconds: this.seconds, trainedMacs: this.trainedMacs })
  }
}
