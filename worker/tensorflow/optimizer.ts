import { add, multiply } from './graph/arithmetic.js'
import { booleanAttribute, typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import { DataType } from './proto/gen/program.js'

/** Share of the velocity kept from step to step. */
const momentum = 0.9

export interface Update {
  readonly variable: ResourceVariable
  readonly velocity: ResourceVariable
  /** The variable's value in this step. */
  readonly value: Tensor
  readonly gradient: Tensor
  /** Weight decay of this variable; 0 = none. */
  readonly decay: number
  /** Nodes that read the value and must have run: while somebody still holds the memory, TensorFlow copies it to change it. */
  readonly after: readonly Tensor[]
}

/**
 * One step of SGD with Nesterov momentum and weight decay as an L2 term of the gradient, in PyTorch's form:
 * g += decay * w; v = momentum * v + g; w -= rate * (g + momentum * v).
 */
export function emitUpdate(builder: GraphBuilder, update: Update, learningRate: Tensor): Tensor {
  const { variable, velocity, value, decay, after } = update
  const gradient = decay === 0 ? update.gradient : add(builder, multiply(builder, value, builder.floats(decay)), update.gradient)
  const attributes = { T: typeAttribute(DataType.DT_FLOAT), use_nesterov: booleanAttribute(true), use_locking: booleanAttribute(false) }
  const inputs = [variable.handle, velocity.handle, learningRate, gradient, builder.floats(momentum)]
  return builder.effect({ operation: 'ResourceApplyMomentum', inputs, after, attributes })
}
