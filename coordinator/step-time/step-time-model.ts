import type { LayerGraph } from '../../shared/network/layer-graph.js'
import type { MeasuredStep } from './cost-fit.js'
import type { StepKind } from './layer-work.js'
import { type StepTimeExample, measuredStep } from './measured-step.js'
import { stepFeatures } from './step-features.js'
import { type StepTimeFit, type StepTimePrediction, fewestExamples, fitStepTime, predictStep } from './step-time-fit.js'

/** All that a model knows, as plain JSON; the fit follows from it. */
export interface StepTimeModelState {
  /** Examples of different classes never mix. */
  readonly deviceClass: string
  readonly kind: StepKind
  readonly examples: readonly StepTimeExample[]
}

/** Growth of the examples after which the fit is made anew. */
const refitGrowth = 1.1

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
