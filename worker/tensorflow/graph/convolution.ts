import { type AttrValue } from '../proto/gen/program.js'
import { integersAttribute, stringAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** TensorFlow's operations, dense (grouped where the filter has fewer input channels) and depthwise. */
export type ConvolutionOperation = 'Conv2D' | 'DepthwiseConv2dNative'

/** The geometry of one convolution: NHWC, square kernel, symmetric padding. */
export interface ConvolutionGeometry {
  readonly operation: ConvolutionOperation
  /** `[batch, height, width, channels]` */
  readonly inputShape: readonly number[]
  /** HWIO, or HWIM for a depthwise filter. */
  readonly filterShape: readonly number[]
  readonly stride: number
  /** Zeros on each side. */
  readonly padding: number
}

export function convolve(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, filter: Tensor): Tensor {
  return emit(builder, geometry, geometry.operation, [input, filter])
}

/** Gradient with respect to the input; the batch must be known. */
export function convolutionInputGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, filter: Tensor, gradient: Tensor): Tensor {
  return emit(builder, geometry, `${geometry.operation}BackpropInput`, [builder.integers(geometry.inputShape), filter, gradient])
}

export function convolutionFilterGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, gradient: Tensor): Tensor {
  return emit(builder, geometry, `${geometry.operation}BackpropFilter`, [input, builder.integers(geometry.filterShape), gradient])
}

function emit(builder: GraphBuilder, geometry: ConvolutionGeometry, operation: string, inputs: readonly Tensor[]): Tensor {
  const { dtype } = inputs[inputs.length - 1]
  const strides = integersAttribute([1, geometry.stride, geometry.stride, 1])
  const attributes = { T: typeAttribute(dtype), strides, data_format: stringAttribute('NHWC'), ...paddingAttributes(geometry) }
  return builder.node({ operation, inputs, attributes }, dtype)
}

/**
 * TensorFlow's SAME puts the odd pixel of an uneven padding on the far side; only where padding comes out even is it the
 * symmetric padding that the network has.
 */
function paddingAttributes(geometry: ConvolutionGeometry): Record<string, AttrValue> {
  const { padding } = geometry
  if (padding === 0) return { padding: stringAttribute('VALID') }
  if (isSame(geometry)) return { padding: stringAttribute('SAME') }
  const explicit = integersAttribute([0, 0, padding, padding, padding, padding, 0, 0])
  return { padding: stringAttribute('EXPLICIT'), explicit_paddings: explicit }
}

function isSame({ inputShape, filterShape, stride, padding }: ConvolutionGeometry): boolean {
  return [1, 2].every((axis) => {
    const output = Math.ceil(inputShape[axis] / stride)
    return (output - 1) * stride + filterShape[axis] - inputShape[axis] === 2 * padding
  })
}
