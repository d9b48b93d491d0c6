import { quantile } from '../../shared/quantile.js'
import type { Cell } from './cell.js'

/** Milliseconds of one thing, in the order in which they were measured. */
export type Samples = readonly number[]

export type ContenderName = 'engine' | 'torch' | 'torchCompile' | 'eager'

/** What was measured of a cell: for each contender, samples by part; `step` is a whole step. */
export interface CellMeasurement {
  readonly cell: Cell
  readonly samples: Partial<Record<ContenderName, ReadonlyMap<string, Samples>>>
  readonly loader: { readonly firstEpoch: number; readonly nextEpoch: number } | null
  /** Why something was not measured, by contender. */
  readonly reasons: Readonly<Record<string, string>>
}

interface Spread {
  readonly p10: number
  readonly p90: number
}

/** A row of the table. Times are medians; null = not measured, `reasons` says why; a ratio above 1 = the engine is faster. */
export interface Row extends Cell {
  readonly stepMs: number | null
  readonly torchStepMs: number | null
  readonly torchCompileStepMs: number | null
  readonly eagerStepMs: number | null
  readonly ratioToTorch: number | null
  readonly ratioToTorchCompile: number | null
  readonly ratioToEager: number | null
  readonly evaluationMs: number | null
  readonly torchEvaluationMs: number | null
  readonly ratioToTorchEvaluation: number | null
  readonly parts: Readonly<Record<'forwardMs' | 'backwardMs' | 'updateMs' | 'feedMs' | 'loaderMs', number | null>>
  readonly torchParts: Readonly<Record<'forwardMs' | 'backwardMs' | 'updateMs', number | null>>
  /** Feeding a batch, as a share of the step. */
  readonly feedShare: number | null
  /** The loader alone (second epoch, so with its cache), and how many times what the step eats that is. */
  readonly loaderImagesPerSecond: number | null
  readonly loaderRatio: number | null
  readonly spread: Readonly<Partial<Record<ContenderName, Spread>>>
  readonly turns: number
  readonly reasons: Readonly<Record<string, string>>
}

export function rowOf({ cell, samples, loader, reasons }: CellMeasurement): Row {
  const medianOf = (name: ContenderName, part: string): number | null => median(samples[name]?.get(part))
  const stepMs = medianOf('engine', 'step')
  const evaluationMs = medianOf('engine', 'evaluation')
  const [torch, compiled, eager] = [medianOf('torch', 'step'), medianOf('torchCompile', 'step'), medianOf('eager', 'step')]
  const feedMs = medianOf('engine', 'feed')
  const rate = loader?.nextEpoch ?? null
  return {
    ...cell,
    stepMs,
    torchStepMs: torch,
    torchCompileStepMs: compiled,
    eagerStepMs: eager,
    ratioToTorch: ratio(torch, stepMs),
    ratioToTorchCompile: ratio(compiled, stepMs),
    ratioToEager: ratio(eager, stepMs),
    evaluationMs,
    torchEvaluationMs: medianOf('torch', 'evaluation'),
    ratioToTorchEvaluation: ratio(medianOf('torch', 'evaluation'), evaluationMs),
    parts: { ...engineParts(stepMs, medianOf('engine', 'forward'), medianOf('engine', 'forward+backward')), feedMs, loaderMs: ratio(1000 * cell.batch, rate) },
    torchParts: { forwardMs: medianOf('torch', 'forward'), backwardMs: medianOf('torch', 'backward'), updateMs: medianOf('torch', 'update') },
    feedShare: ratio(feedMs, stepMs),
    loaderImagesPerSecond: rate,
    loaderRatio: rate === null || stepMs === null ? null : rate / ((1000 * cell.batch) / stepMs),
    spread: Object.fromEntries(Object.entries(samples).flatMap(([name, parts]) => spreadOf(name, parts.get('step')))),
    turns: samples.engine?.get('step')?.length ?? 0,
    reasons,
  }
}

/** A part is the difference of two programs, of which one stops where the part begins. */
function engineParts(step: number | null, forward: number | null, both: number | null) {
  const difference = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)
  return { forwardMs: forward, backwardMs: difference(both, forward), updateMs: difference(step, both) }
}

function median(values: Samples | undefined): number | null {
  return values === undefined || values.length === 0 ? null : quantile(values, 0.5)
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a / b
}

function spreadOf(name: string, values: Samples | undefined): [string, Spread][] {
  return values === undefined || values.length === 0 ? [] : [[name, { p10: quantile(values, 0.1), p90: quantile(values, 0.9) }]]
}
