import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { type StepTimeExample, measuredStep } from './measured-step.js'
import { stepFeatures } from './step-features.js'
import { type StepTimeFit, type StepTimePrediction, fewestExamples, fitStepTime, predictStep } from './step-time-fit.js'

/** Growth of the examples after which the fit is made anew. */
const refitGrowth = 1.25

/** Examples that a fit learns, evenly spread over all: who asks for a prediction waits for the fit. */
const mostLearnt = 64

/** Learns the step time of networks on one device class from examples, in the order in which they are told: replay is exact. */
export class StepTimeModel {
  private readonly examples: StepTimeExample[] = []
  private fitted: { readonly fit: StepTimeFit; readonly count: number } | null = null

  /** An example is looked at when it is learnt. */
  observe(example: StepTimeExample): void {
    this.examples.push(example)
  }

  /**
   * null until there are enough examples to predict from. Depends on the number of examples alone, not on when it was asked before:
   * in force is the fit on the first N of them, N growing in steps of a quarter.
   * @throws InvalidInputError for an example with an encoding, size, batch or time that cannot be
   */
  predict(graph: LayerGraph, batch: number): StepTimePrediction | null {
    const count = fittedCount(this.examples.length)
    if (count === 0) return null
    if (this.fitted?.count !== count) this.fitted = { fit: this.fitOn(count), count }
    return predictStep(this.fitted.fit, stepFeatures(graph, batch, 'training'))
  }

  private fitOn(count: number): StepTimeFit {
    const learnt = Math.min(count, mostLearnt)
    return fitStepTime(Array.from({ length: learnt }, (_, i) => measuredStep(this.examples[Math.floor((i * count) / learnt)])))
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
