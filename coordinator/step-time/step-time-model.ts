import { InvalidInputError } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { parseGenome } from '../../shared/space/parse.js'
import type { MeasuredStep } from './cost-fit.js'
import type { StepKind } from './layer-work.js'
import { stepFeatures } from './step-features.js'
import { type StepTimeFit, type StepTimePrediction, fewestExamples, fitStepTime, predictStep } from './step-time-fit.js'

/** A network that was timed. */
export interface StepTimeExample {
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  /** Images in a step. */
  readonly batch: number
  readonly stepMs: number
}

/** All that a model knows, as plain JSON; the fit follows from it. */
export interface StepTimeModelState {
  /** Examples of different classes never mix. */
  readonly deviceClass: string
  readonly kind: StepKind
  readonly examples: readonly StepTimeExample[]
}

/** Growth of the examples after which the fit is made anew. */
const refitGrowth = 1.1

/** @throws InvalidInputError for an encoding, size, batch or time that cannot be. */
function measuredStep({ encoding, resolution, classes, batch, stepMs }: StepTimeExample, kind: StepKind): MeasuredStep {
  if (!Number.isInteger(batch) || batch < 1) throw new InvalidInputError(`the batch of a timed step must be a positive integer, got ${batch}`)
  if (!Number.isFinite(stepMs) || stepMs <= 0) throw new InvalidInputError(`the step time of ${encoding} must be a positive number of milliseconds, got ${stepMs}`)
  const graph = buildLayerGraph(parseGenome(encoding), { resolution, classes })
  return { features: stepFeatures(graph, batch, kind), stepMs }
}

/** Learns the step time of networks on one device class from examples, in the order in which they are told: replay is exact. */
export class StepTimeModel {
  private readonly examples: StepTimeExample[] = []
  private readonly measured: MeasuredStep[] = []
  private fitted: { readonly fit: StepTimeFit; readonly count: number } | null = null

  constructor(
    readonly deviceClass: string,
    readonly kind: StepKind = 'training',
  ) {}

  /** A model that predicts as the one whose state it was. */
  static restore({ deviceClass, kind, examples }: StepTimeModelState): StepTimeModel {
    const model = new StepTimeModel(deviceClass, kind)
    for (const example of examples) model.observe(example)
    return model
  }

  get count(): number {
    return this.examples.length
  }

  /** @throws InvalidInputError for an encoding, size, batch or time that cannot be. */
  observe(example: StepTimeExample): void {
    this.measured.push(measuredStep(example, this.kind))
    this.examples.push(example)
  }

  /** null until there are enough examples to predict from. */
  predict(graph: LayerGraph, batch: number): StepTimePrediction | null {
    const fit = this.fit()
    return fit === null ? null : predictStep(fit, stepFeatures(graph, batch, this.kind))
  }

  /**
   * The fit in force, null below `fewestExamples`. It depends on the number of examples alone, not on when it is asked for: it is
   * the fit on the first N of them, N growing in steps of a tenth.
   */
  fit(): StepTimeFit | null {
    const count = fittedCount(this.examples.length)
    if (count === 0) return null
    if (this.fitted?.count !== count) this.fitted = { fit: fitStepTime(this.measured.slice(0, count)), count }
    return this.fitted.fit
  }

  state(): StepTimeModelState {
    return { deviceClass: this.deviceClass, kind: this.kind, examples: [...this.examples] }
  }
}

function fittedCount(examples: number): number {
  if (examples < fewestExamples) return 0
  let count = fewestExamples
  for (;;) {
    const next = Math.max(count + 1, Math.floor(count * refitGrowth))
    if (next > examples) return count
    count = next
  }
}
