import { argMax, cast, multiply, reduce } from './graph/arithmetic.js'
import { integerAttribute, typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import { DataType } from './proto/gen/program.js'

const { DT_FLOAT, DT_INT32, DT_BOOL } = DataType

/**
 * Class indices, int32 [batch], to the distribution the loss compares with, float32 [batch, classes]. Smoothing spreads its
 * share evenly over all classes, the true one included, as PyTorch's CrossEntropyLoss(label_smoothing) does.
 */
export function emitTargets(builder: GraphBuilder, labels: Tensor, classes: number, smoothing: number): Tensor {
  const others = smoothing / classes
  const inputs = [labels, builder.integers(classes), builder.floats(1 - smoothing + others), builder.floats(others)]
  const attributes = { T: typeAttribute(DT_FLOAT), TI: typeAttribute(DT_INT32), axis: integerAttribute(-1) }
  return builder.node({ operation: 'OneHot', inputs, attributes }, DT_FLOAT)
}

export interface CrossEntropy {
  /** Loss of each image, [batch]. */
  readonly losses: Tensor
  /** Gradient of each image's own loss with respect to its logits, [batch, classes]. */
  readonly gradient: Tensor
}

export function emitCrossEntropy(builder: GraphBuilder, logits: Tensor, targets: Tensor): CrossEntropy {
  const attributes = { T: typeAttribute(DT_FLOAT) }
  const specification = { operation: 'SoftmaxCrossEntropyWithLogits', inputs: [logits, targets], attributes }
  const [losses, gradient] = builder.nodeWithOutputs(specification, [DT_FLOAT, DT_FLOAT])
  return { losses, gradient }
}

/** Number of images whose largest logit is that of their class, float32 scalar. */
export function emitCorrectCount(builder: GraphBuilder, logits: Tensor, targets: Tensor): Tensor {
  const inputs = [argMax(builder, logits), argMax(builder, targets)]
  const hits = builder.node({ operation: 'Equal', inputs, attributes: { T: typeAttribute(DT_INT32) } }, DT_BOOL)
  return reduce(builder, 'Sum', cast(builder, hits, DT_FLOAT), [0])
}

/** Bool scalar: the float32 scalar is a number, neither NaN nor infinite. */
export function emitIsFinite(builder: GraphBuilder, scalar: Tensor): Tensor {
  return builder.node({ operation: 'IsFinite', inputs: [scalar], attributes: { T: typeAttribute(DT_FLOAT) } }, DT_BOOL)
}

/** Gradient of the mean loss of the batch. */
export function emitMeanGradient(builder: GraphBuilder, { gradient }: CrossEntropy, batch: number): Tensor {
  return multiply(builder, gradient, builder.floats(1 / batch))
}
