import { add, addAll, multiply } from './graph/arithmetic.js'
import { typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import { emitIsFinite } from './loss.js'
import { DataType } from './proto/gen/program.js'
import type { VariableTable } from './variable-table.js'
import { goodStepsName, lossScaleName } from './variables.js'

const { DT_FLOAT, DT_BOOL } = DataType

/** Steps without an overflow after which the scale is doubled (PyTorch's GradScaler has the same). */
export const growthInterval = 2000
/** Far from what float32, in which the scale is multiplied, can hold; a scale that nothing stops ends here. */
export const largestLossScale = 2 ** 24
/** At this scale gradients overflow by themselves. */
export const smallestLossScale = 1

/**
 * Dynamic loss scaling: the gradients of the loss times a scale, so that they do not vanish in float16; the scale is halved
 * when they overflow, and doubled after many steps in which they did not. A power of two throughout, so that scaling is exact.
 */
export class LossScale {
  private readonly scale: Tensor
  private readonly inverse: Tensor
  private readonly goodSteps: Tensor

  constructor(
    private readonly builder: GraphBuilder,
    private readonly table: VariableTable,
  ) {
    this.scale = table.get(lossScaleName).read()
    this.goodSteps = table.get(goodStepsName).read()
    this.inverse = this.binary('RealDiv', builder.floats(1), this.scale)
  }

  /** @param gradient float32 */
  applyTo(gradient: Tensor): Tensor {
    return multiply(this.builder, gradient, this.scale)
  }

  /** @param gradient float32 */
  removeFrom(gradient: Tensor): Tensor {
    return multiply(this.builder, gradient, this.inverse)
  }

  /** Moves the scale on after a step, good (all gradients were finite) or not. @returns the effects */
  adjust(good: Tensor): Tensor[] {
    const { builder } = this
    const steps = add(builder, this.goodSteps, builder.floats(1))
    const grows = this.compare('GreaterEqual', steps, builder.floats(growthInterval))
    const doubled = this.binary('Minimum', multiply(builder, this.scale, builder.floats(2)), builder.floats(largestLossScale))
    const halved = this.binary('Maximum', multiply(builder, this.scale, builder.floats(0.5)), builder.floats(smallestLossScale))
    const scale = this.choose(good, this.choose(grows, doubled, this.scale), halved)
    const count = this.choose(good, this.choose(grows, builder.floats(0), steps), builder.floats(0))
    return [this.table.get(lossScaleName).assign(scale), this.table.get(goodStepsName).assign(count)]
  }

  /** Bool scalar: the scale cannot be made smaller. */
  isAtFloor(): Tensor {
    return this.compare('LessEqual', this.scale, this.builder.floats(smallestLossScale))
  }

  private binary(operation: string, a: Tensor, b: Tensor): Tensor {
    return this.builder.node({ operation, inputs: [a, b], attributes: { T: typeAttribute(DT_FLOAT) } }, DT_FLOAT)
  }

  private compare(operation: string, a: Tensor, b: Tensor): Tensor {
    return this.builder.node({ operation, inputs: [a, b], attributes: { T: typeAttribute(DT_FLOAT) } }, DT_BOOL)
  }

  private choose(condition: Tensor, yes: Tensor, no: Tensor): Tensor {
    return this.builder.node({ operation: 'SelectV2', inputs: [condition, yes, no], attributes: { T: typeAttribute(DT_FLOAT) } }, DT_FLOAT)
  }
}

/** Bool scalar: the loss and every element of the gradients are numbers; all float32. One pass over each: a sum of squares. */
export function emitAllFinite(builder: GraphBuilder, loss: Tensor, gradients: readonly Tensor[]): Tensor {
  const attributes = { T: typeAttribute(DT_FLOAT) }
  const squares = gradients.map((gradient) => builder.node({ operation: 'L2Loss', inputs: [gradient], attributes }, DT_FLOAT))
  return emitIsFinite(builder, addAll(builder, [loss, ...squares]))
}
