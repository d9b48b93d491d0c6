import { mean } from '../../shared/mean.js'
import { standardErrorOfMean } from '../standard-error.js'
import type { SeedRun } from './bench-rungs.js'
import { type FrontMeasures, measureNames, measuresOn } from './front-measures.js'
import type { WholeTraining } from './training-arm.js'

type Measure = keyof FrontMeasures

/** Both searches of a seed in the measures of all seeds together. */
export interface SeedComparison {
  readonly seed: number
  readonly whole: FrontMeasures
  readonly rungs: FrontMeasures
  /** Share of the whole trainings' seconds after which the rungs had what those ended with; null = not within their share. */
  readonly reached: Readonly<Record<Measure, number | null>>
}

/** Means over the seeds. */
export interface MeanComparison {
  readonly whole: number
  readonly rungs: number
  /** Standard error of the difference rungs - whole, from seed to seed; null of one seed. */
  readonly standardError: number | null
  /** Share of the whole trainings' seconds after which the mean of the rungs was that of the whole trainings; null = not within their share. */
  readonly reached: number | null
}

export interface Comparison {
  readonly seeds: readonly SeedComparison[]
  readonly means: Readonly<Record<Measure, MeanComparison>>
}

/** A result of the rungs, and what share of the whole trainings' seconds it and all before it had cost. */
function shareOf({ seconds }: WholeTraining, { whole }: SeedRun): number {
  return seconds / whole.seconds
}

/**
 * Puts the searches of all seeds on one scale. Of one seed alone, the networks that happen to be found and the noise of each training
 * decide which search is ahead: a second search of whole trainings, with another seed, is ahead of the first in half of the cases.
 */
export function compareSearches(runs: readonly SeedRun[]): Comparison {
  const measured = measuresOn(runs.flatMap(({ whole, rungs }) => [...whole.results, ...rungs.results]))
  const rungsAt = (run: SeedRun, share: number): FrontMeasures => measured(run.rungs.results.filter((result) => shareOf(result, run) <= share))
  const ends = runs.map((run) => ({ run, whole: measured(run.whole.results), rungs: measured(run.rungs.results) }))
  const seeds = ends.map(({ run, whole, rungs }) => {
    const shares = run.rungs.results.map((result) => shareOf(result, run))
    return { seed: run.seed, whole, rungs, reached: perMeasure((name) => shares.find((share) => rungsAt(run, share)[name] >= whole[name]) ?? null) }
  })
  const shares = runs.flatMap((run) => run.rungs.results.map((result) => shareOf(result, run))).sort((a, b) => a - b)
  const means = perMeasure((name) => {
    const whole = mean(ends.map((end) => end.whole[name]))
    const rungs = mean(ends.map((end) => end.rungs[name]))
    const differences = ends.map((end) => end.rungs[name] - end.whole[name])
    const reached = shares.find((share) => mean(runs.map((run) => rungsAt(run, share)[name])) >= whole) ?? null
    return { whole, rungs, standardError: standardErrorOfMean(differences), reached }
  })
  return { seeds, means }
}

function perMeasure<Value>(valueOf: (name: Measure) => Value): Record<Measure, Value> {
  return Object.fromEntries(measureNames.map((name) => [name, valueOf(name)])) as Record<Measure, Value>
}
