import { add, multiply, subtract } from './graph/arithmetic.js'
import { booleanAttribute, typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import { packVector, unpackVector } from './graph/vector.js'
import { DataType } from './proto/gen/program.js'

/** Share of the velocity kept from step to step. */
const momentum = 0.9

/** One variable's part in a step. */
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

export type PackedUpdate = Pick<Update, 'variable' | 'velocity' | 'value'>

/**
 * The same for several variables at once, as vectors: a dozen operations instead of a few for each variable. They cost copies, and
 * on a GPU, where most variables are so small that their updates take less time than their launches, far less than they save.
 * @param gradient those of the variables, in their order, one after the other
 * @param decay of all of them
 * @param after nodes that must have run before a variable changes
 */
export function emitPackedUpdate(
  builder: GraphBuilder,
  updates: readonly PackedUpdate[],
  gradient: Tensor,
  decay: number,
  learningRate: Tensor,
  after: readonly Tensor[],
): Tensor[] {
  const shapes = updates.map(({ variable }) => variable.shape)
  const weights = packVector(builder, updates.map(({ value }) => value), shapes)
  const velocities = packVector(builder, updates.map(({ velocity }) => velocity.read()), shapes)
  const decayed = decay === 0 ? gradient : add(builder, multiply(builder, weights, builder.floats(decay)), gradient)
  const kept = builder.floats(momentum)
  const nextVelocities = add(builder, multiply(builder, velocities, kept), decayed)
  const change = multiply(builder, add(builder, decayed, multiply(builder, nextVelocities, kept)), learningRate)
  const nextWeights = unpackVector(builder, subtract(builder, weights, change), shapes)
  const moved = unpackVector(builder, nextVelocities, shapes)
  return updates.flatMap(({ variable, velocity }, index) => [variable.assign(nextWeights[index], after), velocity.assign(moved[index], after)])
}
