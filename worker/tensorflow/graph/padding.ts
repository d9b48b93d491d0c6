import { DataType } from '../proto/gen/program.js'
import { typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** Rows and columns of zeros before and after height and width. */
export interface Padding {
  readonly before: number
  readonly after: readonly [number, number]
}

/**
 * The zeros to put around a feature map so that a convolution without padding of its own does what one with `padding` zeros
 * on each side does; null where TensorFlow's SAME does it already.
 *
 * SAME puts the odd zero of an uneven padding on the far side: at stride 2 and even sizes that is another convolution. For
 * those, TensorFlow's EXPLICIT padding would do, but oneDNN has no gradients for it: with zeros put there by a node of their
 * own, a whole training step of `031-_32_1-1-221-11121` (batch 32, 64 pixels, two CPU cores) took 0.4 of the time, measured
 * with TensorFlow 2.19. Zeros that no position of the kernel reaches are left out.
 */
export function paddingFor(size: readonly [number, number], kernel: number, stride: number, padding: number): Padding | null {
  const after = size.map((length) => (Math.ceil(length / stride) - 1) * stride + kernel - padding - length)
  return after.every((zeros) => zeros === padding) ? null : { before: padding, after: [after[0], after[1]] }
}

/** NHWC. */
export function padImage(builder: GraphBuilder, x: Tensor, { before, after }: Padding): Tensor {
  const paddings = builder.integerMatrix([[0, 0], [before, after[0]], [before, after[1]], [0, 0]])
  const attributes = { T: typeAttribute(x.dtype), Tpaddings: typeAttribute(DataType.DT_INT32) }
  return builder.node({ operation: 'Pad', inputs: [x, paddings], attributes }, x.dtype)
}

/** Takes the zeros away again: the gradient of `padImage`. */
export function cropImage(builder: GraphBuilder, x: Tensor, { before }: Padding, shape: readonly number[]): Tensor {
  const inputs = [x, builder.integers([0, before, before, 0]), builder.integers(shape)]
  return builder.node({ operation: 'Slice', inputs, attributes: { T: typeAttribute(x.dtype), Index: typeAttribute(DataType.DT_INT32) } }, x.dtype)
}
